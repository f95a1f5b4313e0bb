"""What the analysis of one build hands on: plain values, that can go from process to process."""

from __future__ import annotations

import msgspec

from ptlint.frontend.ir import Place

__all__ = ["BuildResult", "FoundSite", "Link", "Proof", "RawFinding", "Spot"]


class Spot(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A function, or a macro that stands between two: ``key`` is ``NAME`` or ``FILE:NAME``."""

    key: str
    name: str
    file: str
    line: int


class FoundSite(msgspec.Struct, frozen=True, array_like=True):
    """A site with one verdict, and the variants that share it."""

    file: str
    line: int
    column: int
    function: str
    text: str
    role: str
    table: str
    address_space: str
    deferral: str
    safety: str
    waited: tuple[str, ...]
    reason: str
    variants: tuple[str, ...]


class Proof(msgspec.Struct, frozen=True, array_like=True):
    """One step of a way, with what happens there."""

    file: str
    line: int
    column: int
    function: str
    text: str
    note: str


class RawFinding(msgspec.Struct, frozen=True, array_like=True):
    """A finding of one build, before it is put together with those of others."""

    rule: str
    severity: str
    message: str
    at: Proof
    table: str
    address_space: str
    missing: tuple[str, ...]
    path: tuple[Proof, ...]
    variants: tuple[str, ...]


class Link(msgspec.Struct, frozen=True, array_like=True, order=True):
    """An edge of the graph."""

    source: Spot
    target: Spot
    kind: str
    place: Place
    label: str
    variants: tuple[str, ...]


class BuildResult(msgspec.Struct, frozen=True, array_like=True):
    """Everything that one build gives. ``frees`` maps a function's key to how it frees, ``spots`` are all functions that can be roots."""

    build: str
    sites: tuple[FoundSite, ...]
    findings: tuple[RawFinding, ...]
    links: tuple[Link, ...]
    frees: dict[str, str]
    spots: tuple[Spot, ...]
    unresolved: tuple[tuple[str, int, str, str, tuple[str, ...]], ...]
    incomplete: tuple[tuple[str, str], ...]
    units: int
    functions: int
    counts: dict[str, int]
    variants: tuple[str, ...]
    rcu_walkers: tuple[str, ...] = ()
