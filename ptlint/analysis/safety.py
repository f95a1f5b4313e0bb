"""Why a free is safe, in the words of the contract: from where the table comes from, and what keeps walkers away."""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis.ledger import Hit
from ptlint.analysis.origins import Origin, Origins
from ptlint.frontend.ir import Place

__all__ = ["Verdict", "judge"]

Answers = dict["Verdict", str]


class Verdict(NamedTuple):
    """``safety`` is a word of the contract, ``space`` whose table it is: ``user``, ``kernel``, or empty."""

    safety: str
    space: str


def judge(hit: Hit, origins: Origins) -> dict[Verdict, str]:
    """The verdicts on one hit, apart from what was waited for. Each with the sentence that proves it."""
    found: dict[Verdict, str] = {}
    for origin, (where, shelter) in origins.of(hit.function, hit.term, fresh=hit.fresh).items():
        if hit.apart is not None:
            origin, shelter = origin._replace(shelter="apart"), hit.apart
        space = origin.space if origin.space in ("user", "kernel") else hit.space if hit.space in ("user", "kernel") else ""
        word, why = _why(hit, origin, space, where, shelter)
        found.setdefault(Verdict(word, space), why)
    return found or {Verdict("caller", hit.space if hit.space in ("user", "kernel") else ""): f"{_at(hit.hop.place)} frees for whoever calls it"}


def _why(hit: Hit, origin: Origin, space: str, where: Place | None, shelter: Place | None) -> tuple[str, str]:
    here = _at(hit.hop.place)
    where = where or hit.hop.place
    if hit.fresh:
        return "unpublished", f"allocated in the same function, and in no entry that others can reach when it is freed at {here}"
    if origin.shelter == "dying":
        return "teardown", f"the address space itself is given back at {_at(shelter)}: nobody uses it any more"
    if origin.shelter == "apart" and space != "kernel":
        return "teardown", f"its mapping was taken out of everybody's reach at {_at(shelter)}, before {here}"
    if origin.kind == "linked" and origin.space == "own":
        return "teardown", f"its address space is its maker's own{_from(where)}: nobody else can reach it"
    if origin.kind == "fresh" or origin.space == "own":
        return "unpublished", f"allocated for a tree of its maker's own{_from(where)}, and never in an entry that others can reach"
    if space == "kernel":
        return "kernel", f"a table of the kernel's own{_from(where)}: who owns the range decides"
    if origin.kind == "kept" and hit.held:
        return "exclusion", f"taken from where it was kept{_from(where)}, under a lock: no entry leads to it when it is freed at {here}"
    if space != "user" and origin.kind in ("linked", "kept"):
        return "kernel", f"no address space of a process leads to it{_from(where)}: a private tree"
    return "caller", f"freed at {here} with no wait of its own{_from(where)}: its callers decide"


def _at(place: Place | None) -> str:
    return f"{place.file}:{place.line}" if place is not None else "an unknown line"


def _from(where: Place) -> str:
    return f" (as {_at(where)} has it)"
