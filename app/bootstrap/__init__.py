"""The composition root: settings become a running server.  Only this package sees everything."""

from app.bootstrap.core import Core, core
from app.bootstrap.server import ROOT, Runtime, build, release

__all__ = ["ROOT", "Core", "Runtime", "build", "core", "release"]
