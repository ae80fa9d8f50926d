"""What keeps trading safe: switches, differences to venues, and the storms that prove it."""
