"""When things run: each worker does one unit of work a step; the supervisor owns the loops."""
