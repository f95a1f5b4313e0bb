"""ptlint: how every page-table page of an x86 Linux tree gets back to the allocator, and whom that waits for."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
