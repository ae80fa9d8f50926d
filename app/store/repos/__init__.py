"""Repositories by subject: what one transaction reads and writes."""
