"""Recorded days through the code that trades: in virtual time, or for show on a running server."""
