"""What every venue behind a network needs: calls with a verdict, streams, and words kept short."""
