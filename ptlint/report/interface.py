"""What a format is."""

from __future__ import annotations

from typing import Protocol, TypeVar

import msgspec

from ptlint.results import Result

__all__ = ["Renderer", "Style"]

_Result_contra = TypeVar("_Result_contra", bound=Result, contravariant=True)


class Style(msgspec.Struct, frozen=True):
    """What the reader wants to see: with colour; with the details that only ``-v`` shows."""

    color: bool = False
    verbose: bool = False


class Renderer(Protocol[_Result_contra]):
    """A format: from a result in order to the whole text, its last newline too."""

    def __call__(self, result: _Result_contra, style: Style, /) -> str:
        """The text."""
