"""The walkers of a tree for a person: the classes first, then a line a function."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.names import Names
from ptlint.report.style import bold, count
from ptlint.report.trouble import trouble
from ptlint.results import Walker, WalkersResult

__all__ = ["render"]

_WAYS = {
    ("irq",): "with interrupts off",
    ("rcu",): "in a section of RCU readers",
    ("irq", "rcu"): "with interrupts off and in a section of RCU readers",
    (): "by no spinlock and in no section of a reader (a sleeping lock, or the range is theirs)",
}


def render(result: WalkersResult, style: Style) -> str:
    """What tables must wait for, then the walkers by what they hold; those under a spinlock last, and by name only with ``-v``."""
    names = Names(result.variants)
    parts = [f"tables of {space} address spaces must wait for: {', '.join(words)}\n" for space, words in sorted(result.classes.items(), reverse=True)]
    for holds, title in _WAYS.items():
        here = [walker for walker in result.walkers if walker.holds == holds]
        if here:
            parts.append(f"\n{bold(count(len(here), 'walker') + ' ' + title, style)}\n" + "".join(_line(walker, names) for walker in here))
    locked = [walker for walker in result.walkers if "lock" in walker.holds]
    if locked:
        shown = "".join(_line(walker, names) for walker in locked) if style.verbose else ""
        parts.append(f"\n{bold(count(len(locked), 'walker') + ' under a spinlock', style)}\n{shown}")
    return "".join(parts) + trouble(result, style)


def _line(walker: Walker, names: Names) -> str:
    within = frozenset(walker.variants)
    where = "" if within == names.all() else f" [{names.phrase(within, names.all())}]"
    return f"  {walker.file}:{walker.line}: {walker.function}{where}: {', '.join(walker.tables)} tables, {walker.address_space}\n"
