"""What the analysis of one build hands on: plain values, that can go from process to process."""

from __future__ import annotations

import msgspec

from ptlint.frontend.ir import Place

__all__ = [
    "BuildResult",
    "FoundClaim",
    "FoundMatch",
    "FoundMember",
    "FoundProof",
    "FoundSite",
    "FoundHolder",
    "FoundWalker",
    "Link",
    "Overlay",
    "Proof",
    "RawFinding",
    "Spot",
]


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


class FoundMember(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A member of a descriptor of pages; bytes. ``shared`` where it lies over an rcu_head."""

    record: str
    member: str
    offset: int
    size: int
    shared: bool


class FoundMatch(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A static assertion that two members lie at one offset, and whether they do."""

    file: str
    line: int
    one: str
    other: str
    holds: bool


class FoundClaim(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A use of overlaid words; ``tables`` are the levels that can be there."""

    file: str
    line: int
    function: str
    member: str
    access: str
    tables: tuple[str, ...]
    variants: tuple[str, ...]


class FoundProof(msgspec.Struct, frozen=True, array_like=True):
    """Whether ``against`` can be in use when ``claim``, an rcu_head, is written."""

    claim: str
    against: str
    verdict: str
    reason: str
    steps: tuple[Proof, ...]
    variants: tuple[str, ...]


class FoundWalker(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A walker: its class (``rcu``, ``irq``), the lines where it takes its shelter and reads an entry, and somebody who calls it."""

    kind: str
    function: str
    file: str
    line: int
    reads: int
    caller_file: str
    caller_line: int
    caller: str
    levels: int


class Overlay(msgspec.Struct, frozen=True, array_like=True):
    """What one build says of the words that a table is queued by."""

    record: str
    members: tuple[FoundMember, ...]
    matches: tuple[FoundMatch, ...]
    claims: tuple[FoundClaim, ...]
    proofs: tuple[FoundProof, ...]


class FoundHolder(msgspec.Struct, frozen=True, array_like=True, order=True):
    """A function that walks tables of these ``levels``; ``holds`` is what keeps them there: ``irq``, ``rcu``, ``lock``."""

    file: str
    line: int
    function: str
    levels: tuple[str, ...]
    address_space: str
    holds: tuple[str, ...]
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
    walkers: tuple[FoundWalker, ...] = ()
    overlay: Overlay = Overlay("", (), (), (), ())
    holders: tuple[FoundHolder, ...] = ()
