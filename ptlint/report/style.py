"""Colour, for those who want it, and numbers with their words."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.results import Severity

__all__ = ["bold", "count", "dim", "severity"]

_COLORS: dict[Severity, str] = {"error": "31", "warning": "33", "note": "36"}


def _paint(text: str, code: str, style: Style) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if style.color else text


def bold(text: str, style: Style) -> str:
    """What a reader looks for."""
    return _paint(text, "1", style)


def dim(text: str, style: Style) -> str:
    """What a reader may skip."""
    return _paint(text, "2", style)


def severity(word: Severity, style: Style) -> str:
    """The severity in its colour."""
    return _paint(word, f"1;{_COLORS[word]}", style)


def count(number: int, word: str, words: str = "") -> str:
    """``1 finding``, ``2 findings``."""
    return f"{number:,} {word if number == 1 else words or word + 's'}"
