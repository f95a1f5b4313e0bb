"""What went wrong with a file."""

from __future__ import annotations

import msgspec

__all__ = ["Problem"]


class Problem(msgspec.Struct, frozen=True):
    """What went wrong with a file: ``reason`` is ``file:line: message`` where there is a place."""

    file: str
    reason: str
