"""The builds and variants of a tree for a person."""

from __future__ import annotations

from ptlint.report.interface import Style
from ptlint.report.names import listed
from ptlint.report.style import bold, count, dim
from ptlint.report.trouble import trouble
from ptlint.results import BuildInfo, VariantsResult

__all__ = ["render"]


def render(result: VariantsResult, style: Style) -> str:
    """A paragraph a build, then what is not looked at."""
    commit = f" ({result.tree.commit[:12]})" if result.tree.commit else ""
    parts = [f"Linux {result.tree.version}{commit}: {count(len(result.builds), 'build')}, {count(len(result.variants), 'variant')}\n"]
    parts += [_build(build, style) for build in result.builds]
    covered = [f"  CONFIG_{gap.symbol}  {dim(f'{gap.file}:{gap.line}', style)}\n" for gap in result.not_covered]
    looked = [f"  CONFIG_{gap.symbol}  {dim(gap.reason, style)}\n" for gap in result.not_looked_at]
    parts += ["not covered by any build:\n" + "".join(covered)] if covered else []
    parts += ["left off on purpose:\n" + "".join(looked)] if looked else []
    gaps = trouble(result, Style(color=style.color))
    return "\n".join([*parts, *([gaps] if gaps else [])])


def _build(build: BuildInfo, style: Style) -> str:
    symbols = [f"CONFIG_{name}={value}" if value != "n" else f"!CONFIG_{name}" for name, value in sorted(build.symbols.items())]
    lines = [f"{bold(build.name, style)}: {' '.join(symbols)}", f"  variants: {listed(build.variants)}", f"  units: {build.units:,}"]
    if build.same_as:
        lines.append(f"  the same program as: {', '.join(build.same_as)}")
    return "".join(f"{line}\n" for line in lines)
