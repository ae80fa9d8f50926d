"""Storms: many alerts against a real server, and the judge who then reads what is on paper."""
