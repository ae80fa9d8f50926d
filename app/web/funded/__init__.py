"""Funded accounts over HTTP: their API and their pages."""
