"""Reconciliation: our books against the venue's; what differs is shown, never mended silently."""

from app.services.reconcile.desk import AccountDrift, DriftDesk, Numbers
from app.services.reconcile.run import Check, Reconciler

__all__ = ["AccountDrift", "Check", "DriftDesk", "Numbers", "Reconciler"]
