"""What the selection needs of the border, whoever has read it."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Protocol

__all__ = ["BorderLike"]


class _Entry(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def below(self) -> str: ...


class _Free(Protocol):
    @property
    def form(self) -> str: ...


class _List(Protocol):
    @property
    def action(self) -> str: ...


class BorderLike(Protocol):
    """Names at which the analysis ends, and the types that are tables."""

    @property
    def entries(self) -> Mapping[str, _Entry]: ...
    @property
    def tables(self) -> Mapping[str, str]: ...
    @property
    def gathers(self) -> Set[str]: ...
    @property
    def links(self) -> Set[str]: ...
    @property
    def frees(self) -> Mapping[str, _Free]: ...
    @property
    def waits(self) -> Mapping[str, object]: ...
    @property
    def defers(self) -> Mapping[str, object]: ...
    @property
    def lists(self) -> Mapping[str, _List]: ...
    @property
    def named(self) -> Set[str]: ...
