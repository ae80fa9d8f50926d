"""From an alert to booked fills: decide, execute, settle, protect, cancel."""
