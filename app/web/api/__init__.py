"""The JSON API: what pages and programs read and do."""
