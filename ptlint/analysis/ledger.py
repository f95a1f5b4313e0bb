"""What the analysis of one build finds, as it finds it."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis.overlay.notes import Notes
from ptlint.analysis.values import Event, Hop
from ptlint.frontend.ir import Place

__all__ = ["CallSeen", "Hit", "Ledger", "Suspect", "Use"]

Runtimes = frozenset[str]


class CallSeen(NamedTuple):
    """A call on a path: who calls what, how, in which runtimes, and whether an allocation had failed there."""

    function: str
    place: Place
    text: str
    macros: tuple[tuple[str, Place], ...]
    callee: str
    kind: str
    no_memory: bool


class Hit(NamedTuple):
    """A table goes through a hop: its level, and whether nobody else ever saw it, whether it comes from here, and whose address space it is."""

    hop: Hop
    level: str
    fresh: bool
    origin: bool
    space: str


class Suspect(NamedTuple):
    """A free to be judged: ``unlinked`` before with nothing waited for, or freed and only then ``cleared``."""

    kind: str
    function: str
    event: Event


class Use(NamedTuple):
    """A table is used after it was freed or queued (``event``)."""

    function: str
    place: Place
    text: str
    event: Event


class Ledger:
    """Collected while functions are summed up; everything is a set or counts, so order does not matter."""

    def __init__(self) -> None:
        self.calls: dict[CallSeen, Runtimes] = {}
        self.hits: dict[Hit, Runtimes] = {}
        self.drains: dict[str, dict[tuple[tuple[Hop, ...], str], Runtimes]] = {}
        self.puts: dict[str, dict[tuple[tuple[Hop, ...], str], Runtimes]] = {}
        self.gathers: set[str] = set()
        self.chains: set[tuple[Hop, ...]] = set()
        self.suspects: dict[Suspect, Runtimes] = {}
        self.ways: dict[tuple[str, Event], Runtimes] = {}
        self.unresolved: dict[tuple[str, Place, str], Runtimes] = {}
        self.callbacks: dict[tuple[str, str], Runtimes] = {}
        self.overlay = Notes()
        self.uses: dict[Use, Runtimes] = {}
        self.recursive: set[str] = set()
        self.rcu_walkers: set[str] = set()
        self.joined = 0

    def call(self, seen: CallSeen, runtimes: Runtimes) -> None:
        """Note a call."""
        self.calls[seen] = self.calls.get(seen, frozenset()) | runtimes

    def hit(self, hit: Hit, runtimes: Runtimes) -> None:
        """Note that a table goes through a hop."""
        self.hits[hit] = self.hits.get(hit, frozenset()) | runtimes

    def container(
        self, table: dict[str, dict[tuple[tuple[Hop, ...], str], Runtimes]], cell: str, chain: tuple[Hop, ...], level: str, runtimes: Runtimes
    ) -> None:
        """Note that something is put into, or taken out of and freed from, a container."""
        rows = table.setdefault(cell, {})
        rows[(chain, level)] = rows.get((chain, level), frozenset()) | runtimes

    def way(self, kind: str, event: Event, runtimes: Runtimes) -> None:
        """Note a way of a table that waits for less than all walkers need."""
        self.ways[(kind, event)] = self.ways.get((kind, event), frozenset()) | runtimes

    def use(self, use: Use, runtimes: Runtimes) -> None:
        """Note a use after the end."""
        self.uses[use] = self.uses.get(use, frozenset()) | runtimes

    def suspect(self, suspect: Suspect, runtimes: Runtimes) -> None:
        """Note a free that is to be judged."""
        self.suspects[suspect] = self.suspects.get(suspect, frozenset()) | runtimes
