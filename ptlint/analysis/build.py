"""The analysis of one linked build, from the engine to plain results."""

from __future__ import annotations

from ptlint.analysis.engine import Engine
from ptlint.analysis.graph import frees, links
from ptlint.analysis.holding import holders
from ptlint.analysis.inventory import SiteSeen, sites
from ptlint.analysis.kept import Keeper
from ptlint.analysis.lifecycle.findings import findings
from ptlint.analysis.origins import Origins
from ptlint.analysis.overlay.build import names_words, overlay
from ptlint.analysis.result import BuildResult, FoundSite, Spot
from ptlint.analysis.walkers import walkers
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["analyse"]

_AGAIN = 3
_WAITED = {"rcu": ("irq", "rcu"), "sync-rcu": ("irq", "rcu"), "semi-rcu": ("irq",)}


def analyse(
    program: Program,
    border: Border,
    *,
    build: str,
    variants: dict[str, str],
    incomplete: tuple[tuple[str, str], ...],
    units: int,
    left_out: frozenset[str] = frozenset(),
    keeper: Keeper | None = None,
    devices: bool = False,
    broadcasts: bool = False,
) -> BuildResult:
    """Analyse a build.

    Args:
        build: its name.
        variants: the variant's name for each runtime.
        incomplete: (file, reason) of units that could not be read in full; passed on.
        units: how many were read.
        left_out: functions that the selection left out: a call to one is no unresolved call.
        keeper: where summaries of functions are kept.
        devices: do IOMMUs of this build walk the kernel's tables, so that they have to be told?
        broadcasts: may a flush go by broadcast in this build, and interrupt no CPU?
    """
    engine = _run(program, border, left_out, keeper, frozenset())
    for _ in range(_AGAIN):
        # Who empties what is not typed as a table's can be seen only when it is known that tables go there.
        if not engine.hidden():
            break
        engine = _run(program, border, left_out, keeper, engine.relevance.kept | engine.containers())
    else:
        engine.ledger.dropped["containers"] += engine.hidden()
    ledger = engine.ledger
    ledger.hits = ledger.nearest()
    origins = Origins(ledger, program, border)

    def names(runtimes: frozenset[str]) -> tuple[str, ...]:
        return tuple(sorted(variants[runtime] for runtime in runtimes))

    unresolved = [
        (place.file, place.line, program.name(key), text, names(runtimes))
        for (key, place, text), runtimes in ledger.unresolved.items()
        if text.rsplit(":", 1)[-1] not in left_out
    ]
    words, overlaid = overlay(ledger.overlay, engine.words, program, border, names, tuple(sorted(variants.values())), origins.once)
    said = {(finding.rule, finding.at.file, finding.at.line, finding.at.column) for finding in overlaid}
    others = [
        finding
        for finding in findings(ledger, program, border, names, bool(ledger.rcu_walkers), origins, devices, broadcasts)
        if (finding.rule, finding.at.file, finding.at.line, finding.at.column) not in said
    ]
    return BuildResult(
        build=build,
        sites=tuple(_site(site, program, names(runtimes)) for site, runtimes in sites(ledger, program, origins).items()),
        findings=(*others, *overlaid),
        links=links(ledger, program, border, names),
        frees=frees(ledger, program),
        spots=tuple(sorted(Spot(key, function.name, function.place.file, function.place.line) for key, function in program.functions.items())),
        unresolved=tuple(sorted(unresolved)),
        incomplete=incomplete,
        units=units,
        functions=len(program.functions),
        variants=tuple(sorted(variants.values())),
        rcu_walkers=tuple(sorted(ledger.rcu_walkers)),
        walkers=walkers(ledger, program, border, engine.relevance),
        holders=holders(ledger, program, border, origins, names),
        overlay=words,
        counts=_counts(engine),  # last: what asks for origins may drop some
    )


def _run(program: Program, border: Border, left_out: frozenset[str], keeper: Keeper | None, kept: frozenset[str]) -> Engine:
    """All functions that matter, summed up; see ``Engine``."""
    engine = Engine(program, border, keeper=keeper, kept=kept)
    for key in sorted(program.functions):
        # What the selection left out is still looked into wherever a function that it kept calls it.
        wanted = program.name(key) not in left_out and (engine.relevance.matters(key) or _calls_one_that_matters(engine, program, key))
        if wanted or names_words(engine.words, program, key):
            engine.run(key)
    looked: set[str] = set()
    while onward := sorted(_queueing(engine) - looked):
        # What runs later, and has something run later yet: nobody calls it by name, and it need not name a table.
        looked.update(onward)
        for key in onward:
            engine.run(key)
    return engine


def _queueing(engine: Engine) -> set[str]:
    callees = engine.program.callees
    return {key for key, _ in engine.ledger.callbacks if not callees.get(key, frozenset()).isdisjoint(engine.border.defers)}


def _counts(engine: Engine) -> dict[str, int]:
    dropped = {f"dropped {what}": count for what, count in sorted(engine.ledger.dropped.items()) if count}
    return {"recursive functions": len(engine.ledger.recursive), "summaries": engine.size, **dropped}


def _calls_one_that_matters(engine: Engine, program: Program, key: str) -> bool:
    return any(engine.relevance.matters(callee) for callee in program.callees[key] if callee in program.functions)


def _site(site: SiteSeen, program: Program, variants: tuple[str, ...]) -> FoundSite:
    waited = _WAITED.get(site.deferral, ())
    reason = f"{site.text} at {site.file}:{site.line}: {site.reason}" if waited else site.reason
    space = site.space if site.space in ("user", "kernel") else "both"
    return FoundSite(
        site.file,
        site.line,
        site.column,
        program.name(site.function),
        site.text,
        site.role,
        site.level,
        space,
        site.deferral,
        site.safety,
        waited,
        reason,
        variants,
    )
