"""What was not looked at, in words: the tail of every text form."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.names import listed
from ptlint.report.style import bold, dim
from ptlint.results import Result

__all__ = ["trouble"]


def trouble(result: Result, style: Style) -> str:
    """A line for each file that was not read in full; with ``-v``, also for each call that was not resolved and each symbol not covered."""
    lines = []
    for gap in result.incomplete:
        within = f" ({listed(gap.variants)})" if gap.variants else ""
        lines.append(f"{bold(f'{gap.file}:', style)} incomplete: {gap.reason}{within}")
    if style.verbose:
        for call in result.unresolved:
            lines.append(f"{call.file}:{call.line}: unresolved: {call.function} calls {call.callee} {dim(f'({listed(call.variants)})', style)}")
        lines += [f"{symbol.file}:{symbol.line}: not covered: CONFIG_{symbol.symbol}" for symbol in result.not_covered]
    return "".join(f"{line}\n" for line in lines)
