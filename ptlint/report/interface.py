"""What a format is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from ptlint.results import Result

__all__ = ["Renderer", "Source", "Style"]

Source = Callable[[str, int], str | None]
"""The text of a line of a file of the tree, without its end; None where it cannot be had."""

_Result_contra = TypeVar("_Result_contra", bound=Result, contravariant=True)


def _nothing(file: str, line: int) -> str | None:
    return None


class Style(msgspec.Struct, frozen=True):
    """What the reader wants to see: with colour; with the details that only ``-v`` shows; with what is suppressed.

    ``source`` gives the lines that a format quotes.
    """

    color: bool = False
    verbose: bool = False
    suppressed: bool = False
    source: Source = _nothing


class Renderer(Protocol[_Result_contra]):
    """A format: from a result in order to the whole text, its last newline too."""

    def __call__(self, result: _Result_contra, style: Style, /) -> str:
        """The text."""
