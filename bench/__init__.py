"""The bench: what Signalbox promises about speed, measured beside the least a server can do."""
