"""Where the files that come along are: rules, and the demo's kernel.

In a checkout they stand beside the package, in a wheel inside it.
"""

from __future__ import annotations

from pathlib import Path

from ptlint.errors import Unreadable

__all__ = ["demo", "resource", "rules"]

_PACKAGE = Path(__file__).resolve().parent


def resource(name: str) -> Path:
    """The folder or file ``name`` (``rules``, ``fixtures/demo``)."""
    for place in (_PACKAGE / "data" / name, _PACKAGE.parent / name):
        if place.exists():
            return place
    raise Unreadable(f"{name}: not found in this installation of ptlint")


def rules() -> Path:
    """The folder of the border's primitives and of the rules."""
    return resource("rules")


def demo() -> Path:
    """The small kernel of the demo."""
    return resource("fixtures/demo")
