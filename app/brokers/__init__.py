"""Venues behind one port: one file a venue, and the quote book they share."""
