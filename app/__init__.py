"""Signalbox: self-hosted trade automation.  The map of the packages is in ARCHITECTURE.md."""
