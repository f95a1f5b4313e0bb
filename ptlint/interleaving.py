"""A finding as a race: who frees and who walks, or uses the same words, step by step in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ptlint.analysis.result import FoundWalker
from ptlint.results import Claim, Explanation, Finding, Moment, Step

__all__ = ["explain", "matching"]

_OFF = "The callback works on an address that is some bytes off: the table is lost, and memory that is nobody's business is changed."
_WORDS = ("PTL010", "PTL011", "PTL012", "PTL013")


def matching(word: str, findings: Iterable[Finding]) -> list[Finding]:
    """The findings that ``word`` names: by the begin of a fingerprint, or by FILE:LINE."""
    file, _, line = word.rpartition(":")
    if file and line.isdigit():
        return [one for one in findings if one.location.line == int(line) and (one.location.file == file or one.location.file.endswith(f"/{file}"))]
    return [one for one in findings if len(word) >= 4 and one.fingerprint.startswith(word.lower())]


def explain(finding: Finding, walkers: Sequence[FoundWalker], claims: Sequence[Claim]) -> Explanation:
    """The race that a finding speaks of."""
    if finding.rule in _WORDS:
        return _words(finding, claims)
    if finding.rule == "PTL015":
        queued, *recovered = finding.path
        taken = (Moment("other", one.file, one.line, one.function, one.note or "takes the pointer for something else") for one in recovered)
        return Explanation(finding, "RCU, later", (_moment(queued), *taken), _OFF)
    return _walk(finding, walkers)


def _walk(finding: Finding, walkers: Sequence[FoundWalker]) -> Explanation:
    """Who walks has read the entry before it is cleared, and reads the table after it is freed."""
    kind = next((kind for kind in ("rcu", "irq") if kind in finding.missing and any(walker.kind == kind for walker in walkers)), "hw")
    path = list(finding.path) or [Step(finding.location.file, finding.location.line, finding.location.function, finding.message)]
    frees = [_moment(step) for step in _in_time(path)]
    if finding.rule == "PTL003":
        at = path[-1]
        frees.append(Moment("frees", at.file, at.line, at.function, "the batch is emptied after the TLB flush: the page is free"))
    if kind == "hw":
        first = Moment("other", "", 0, "the MMU", "has the entry in a paging-structure cache")
        last = Moment("other", "", 0, "the MMU", "walks on from the cached entry: it reads, and sets bits in, the page that is freed")
        return Explanation(finding, "the MMU of another CPU", (first, *frees, last), "The MMU takes what is somebody else's data for entries.")
    walker = next(walker for walker in walkers if walker.kind == kind)
    shelter = (
        "begins a section under RCU: a grace period would wait from here on"
        if kind == "rcu"
        else "interrupts are off: an IPI would not be answered from here on"
    )
    begin = [
        Moment("other", walker.caller_file, walker.caller_line, walker.caller, f"calls {walker.function}"),
        Moment("other", walker.file, walker.line, walker.function, shelter),
        Moment("other", walker.file, walker.reads, walker.function, "reads the entry: it still points to the table, and the walk goes into it"),
    ]
    between = []
    if kind == "rcu" and finding.rule == "PTL002":
        between = [Moment("other", walker.file, walker.line, walker.function, "answers the IPI, for interrupts are on, and goes on with the walk")]
    last = Moment("other", walker.caller_file, walker.caller_line, walker.caller, "reads entries of the page that is freed")
    who = "who walks under RCU" if kind == "rcu" else "who walks with interrupts off"
    outcome = "The page may be somebody else's by now: its data are taken for page frames."
    return Explanation(finding, who, (*begin, *frees[:-1], *between, *frees[-1:], last), outcome)


def _in_time(path: list[Step]) -> list[Step]:
    """A path begins with the unlink; the calls that led there came before it."""
    first, *calls = path
    inside = next((index for index, step in enumerate(calls) if step.function == first.function and step.file == first.file), 0)
    return [*calls[:inside], first, *calls[inside:]] if calls else path


def _words(finding: Finding, claims: Sequence[Claim]) -> Explanation:
    """Who uses the words after, or while, they are RCU's."""
    frees = tuple(_moment(step) for step in finding.path)
    if finding.rule == "PTL013":
        middle = Moment("other", "", 0, "RCU", "the grace period may end here: the callback frees the table, and somebody else gets the page")
        cut = max(1, len(frees) - 1)
        return Explanation(
            finding,
            "RCU",
            (*frees[:cut], middle, *frees[cut:]),
            "A word of RCU's queue, or of somebody else's page, is written as if it were the table's.",
        )
    member = _member(finding, claims)
    here = {(step.file, step.line) for step in finding.path}
    others = [claim for claim in claims if claim.member == member and (claim.file, claim.line) not in here]
    order = ("reads", "closes", "opens", "writes")
    chosen = min(others, key=lambda claim: (order.index(claim.access), claim.file, claim.line), default=None)
    rcu = Moment("other", "", 0, "RCU", f"has its link and its callback in the words of {member}")
    if chosen is None:
        end = [
            rcu,
            Moment("other", finding.location.file, finding.location.line, finding.location.function, f"whoever uses {member} next reads RCU's words"),
        ]
    else:
        end = [rcu, Moment("other", chosen.file, chosen.line, chosen.function, f"{_USES[chosen.access]} {member}: it finds RCU's words there")]
    outcome = f"RCU's queue is taken for {member}, or what was in {member} for a callback: the list breaks, and RCU calls what is no function."
    return Explanation(finding, f"who uses {member}", (*frees, *end), outcome)


_USES = {"reads": "goes through", "closes": "takes the table off by", "opens": "links another table by", "writes": "writes"}


def _member(finding: Finding, claims: Sequence[Claim]) -> str:
    """The member that a finding's message names."""
    words = finding.message.replace(",", " ").split()
    known = {claim.member for claim in claims}
    return next((word for word in words if word in known and word != "rcu_head"), "the overlaid member")


def _moment(step: Step) -> Moment:
    return Moment("frees", step.file, step.line, step.function, step.note)
