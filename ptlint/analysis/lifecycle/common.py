"""What every rule asks of a build, and how a finding is put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from ptlint.analysis.evaluate import bare
from ptlint.analysis.inventory import Contexts
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.origins import Answers, Origins
from ptlint.analysis.proof import proof
from ptlint.analysis.result import Proof, RawFinding
from ptlint.analysis.values import Event, Hop
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["Build", "Names", "Runtimes", "all_of", "finding", "live", "live_here", "walked_by_hardware", "weight"]

Runtimes = frozenset[str]
Names = Callable[[Runtimes], tuple[str, ...]]


class Build(NamedTuple):
    """What every rule asks. ``by_ipi`` are the runtimes whose flushes interrupt other CPUs, whatever they flush; ``some_by_ipi`` those that
    do that for some address spaces at least.
    """

    ledger: Ledger
    program: Program
    border: Border
    names: Names
    user_rcu: bool
    origins: Origins
    contexts: Contexts
    by_ipi: Runtimes
    some_by_ipi: Runtimes

    def takes_gather(self, function: str) -> bool:
        """Is a function given a gather?"""
        return any(bare(param.type).removesuffix("*").strip() in self.border.gathers for param in self.program.functions[function].params)

    def takes_page(self, function: str) -> bool:
        """Is a function given a table, or the page of one?"""
        return any(
            bare(param.type) in self.border.pages or bare(param.type) in self.border.tables for param in self.program.functions[function].params
        )

    def only_irq(self, event: Event) -> bool:
        """Are walkers with interrupts off all who may be in the table? Then an IPI is all that is owed."""
        return not self.user_rcu or event.alone


def live(event: Event) -> bool:
    """Was the table unlinked under a lock? Who tears down what nobody can reach needs none."""
    return event.unlinked is not None and event.unlinked.locked and event.unlinked.space not in ("own", "kernel")


def live_here(event: Event, origins: Origins) -> bool:
    """As ``live``, and who sees it works on no address space of its own making, and not while the kernel boots."""
    if not live(event) or (event.chain and origins.once(event.chain[0].function)):
        return False
    answers = origins.of(event.chain[0].function, event.term) if event.chain else {}
    return not answers or any(origin.space != "own" for origin in answers)


def walked_by_hardware(answers: Answers) -> bool:
    """May a CPU be in a table that comes from there? That no other thread finds the mapping keeps no CPU away that has been there."""
    return any(origin.shelter != "dying" and origin.space != "own" and origin.kind in ("linked", "kept") for origin in answers)


def weight(event: Event) -> tuple[int, str]:
    """A key that puts the shortest way first, and ways of one length in an order of their own."""
    return len(event.chain), repr(event.chain)


def all_of(ways: Iterable[Runtimes]) -> Runtimes:
    """The runtimes of all ways together."""
    return frozenset().union(*ways)


def finding(rule: str, severity: str, message: str, at: Hop, event: Event, missing: tuple[str, ...], build: Build, runtimes: Runtimes) -> RawFinding:
    """A finding that stands at a call, with the way of the table from the unlink on; ``missing`` are the obligations that are left."""
    path = []
    if event.unlinked is not None:
        place = event.unlinked.place
        path.append(Proof(place.file, place.line, place.column, build.program.name(event.unlinked.function), "", "the entry is cleared"))
    for index, hop in enumerate(event.chain):
        note = (
            "freed"
            if hop.role == "leaf"
            else "handed over"
            if hop.role == "handover"
            else f"calls {hop.text}"
            if index < len(event.chain) - 1
            else f"put by {hop.text}"
        )
        path.append(proof(hop, build.program, note))
    where = proof(at, build.program, "")
    return RawFinding(rule, severity, message, where, event.level or "any", event.space or "both", missing, tuple(path), build.names(runtimes))
