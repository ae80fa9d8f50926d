"""A stand-in for the NinjaTrader add-on: it replays scripts, over a line that can be made bad."""
