"""Commands about prices."""
