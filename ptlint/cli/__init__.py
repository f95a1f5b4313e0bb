"""The command line. Only this package prints; what it prints comes from ``ptlint.report``."""

from __future__ import annotations

from ptlint.cli.main import main

__all__ = ["main"]
