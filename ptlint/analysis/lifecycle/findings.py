"""Findings of one build: frees that are reached with obligations left."""

from __future__ import annotations

from ptlint.analysis.inventory import Contexts
from ptlint.analysis.ledger import Ledger
from ptlint.analysis.lifecycle.common import Build, Names
from ptlint.analysis.lifecycle.destructors import destroyed_twice, early_destructor, no_destructor
from ptlint.analysis.lifecycle.flushes import device, flushing_by_ipi, no_flush, untold
from ptlint.analysis.lifecycle.frees import immediate, left, linked, semi_rcu, twice, used
from ptlint.analysis.lifecycle.kept import later, page_batch, recycled, recycled_unflushed
from ptlint.analysis.origins import Origins
from ptlint.analysis.result import RawFinding
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["findings"]


def findings(
    ledger: Ledger,
    program: Program,
    border: Border,
    names: Names,
    user_rcu: bool,
    origins: Origins,
    devices: bool = False,
    broadcasts: bool = False,
) -> list[RawFinding]:
    """The findings of a build.

    Args:
        names: gives the variants of runtimes.
        user_rcu: does the tree have walkers that only a grace period waits for? Without them an IPI is all that is owed.
        origins: where tables come from, and what keeps walkers away.
        devices: may others than CPUs walk the kernel's tables, and be told?
        broadcasts: may a flush go by broadcast?
    """
    interrupting = flushing_by_ipi(program, border)
    always = frozenset[str]() if broadcasts else interrupting
    build = Build(ledger, program, border, names, user_rcu, origins, Contexts(ledger), always, interrupting)
    found = [*linked(build), *left(build), *used(build), *immediate(build), *recycled(build), *recycled_unflushed(build), *page_batch(build)]
    if user_rcu:
        found += semi_rcu(build)
    found += later(build)
    # That walkers under RCU are not waited for is another defect than that the MMU is not.
    taken = {(finding.at.file, finding.at.line) for finding in found if finding.rule != "PTL002"}
    found += no_flush(build, taken)
    found += untold(build)
    found += twice(build)
    found += early_destructor(build)
    found += destroyed_twice(build)
    found += no_destructor(build)
    if devices:
        found += device(build)
    return found
