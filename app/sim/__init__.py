"""A market that fills orders: pure matching, costs and synthetic prices."""
