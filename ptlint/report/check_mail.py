"""A review mail: the hunk or the source quoted, a question, the call chain indented; plain text of 78 columns. Nothing where there is nothing."""

from __future__ import annotations

import textwrap

from ptlint.report.interface import Style
from ptlint.report.wording import counted, flat, question, table, variants, worst_first
from ptlint.results import CheckResult, Finding, Part

__all__ = ["WIDTH", "render"]

WIDTH = 78
_AROUND = 3
_HUNK = 30


def render(result: CheckResult, style: Style) -> str:
    """The body of the mail, the findings by the patch that brings them; empty without findings, if everything was read."""
    findings = counted(result)
    if not findings and not result.incomplete:
        return ""
    parts = result.change.parts if result.change else ()
    sections: list[str] = []
    before = None
    for finding in sorted(worst_first(findings), key=lambda found: (found.cause.part or 0) if found.cause else 0):
        number = finding.cause.part if finding.cause else None
        if number and number <= len(parts) and number != before:
            sections.append(_attribution(parts[number - 1], number, len(parts)))
            before = number
        sections.append(_section(finding, result, style))
    if result.incomplete:
        gaps = "".join(_wrapped(f"{gap.file}: {flat(gap.reason)}", "  ", "    ") for gap in result.incomplete)
        sections.append("Not everything could be read, so there may be more:\n" + gaps)
    tree = f"Linux {result.tree.version}" + (f", commit {result.tree.commit[:12]}" if result.tree.commit else "")
    rules = sorted({finding.rule for finding in findings})
    more = f" `ptlint explain {rules[0]}` says more{'; likewise ' + ', '.join(rules[1:]) if rules[1:] else ''}." if rules else ""
    sections.append(_wrapped(f"This was found by ptlint {result.tool.version} in {tree}.{more}"))
    return "\n".join(sections)


def _attribution(part: Part, number: int, count: int) -> str:
    who = f"{part.author} wrote" if part.author else "Patch" if count == 1 else f"Patch {number} of {count}"
    commit = f"commit {part.commit[:12]}" if part.commit else f"<{part.message_id.strip('<>')}>" if part.message_id else ""
    subject = f'"{flat(part.subject)}"' if part.subject else ""
    return _wrapped(f"{who}{', in' if part.author and (commit or subject) else ''} {' '.join(filter(None, [commit, subject]))}".rstrip() + ":")


def _section(finding: Finding, result: CheckResult, style: Style) -> str:
    at = finding.location
    quoted = _quoted(finding, style)
    asked = _wrapped(f"{question(finding)} {_freed(finding)}")
    why = _wrapped(
        f"ptlint calls it {finding.rule} ({finding.name}): {flat(finding.message)}. It holds in these variants: {_variants(finding, result)}."
    )
    chain = ""
    if finding.path:
        lines = "".join(_chain(f"{step.function} ({step.file}:{step.line})" + (f": {flat(step.note)}" if step.note else "")) for step in finding.path)
        chain = f"The way to {at.function}():\n\n{lines}"
    related = "".join(_wrapped(f"See also {also.file}:{also.line}: {flat(also.message)}") for also in finding.related)
    return "\n".join(filter(None, [quoted, asked, why, chain, related]))


def _freed(finding: Finding) -> str:
    at = finding.location
    what = f"`{flat(finding.object.expression)}`, " if finding.object.expression else ""
    return f"This is about {at.function}() at {at.file}:{at.line} ({what}{table(finding.object)})."


def _variants(finding: Finding, result: CheckResult) -> str:
    return "all" if len(finding.variants) == len(result.variants) > 1 else variants(finding.variants, result)


def _quoted(finding: Finding, style: Style) -> str:
    """The hunk that brings it; without one, the lines around the place that the tree has."""
    if finding.cause and finding.cause.hunk:
        lines = [f"{finding.cause.file}:{finding.cause.line}", *finding.cause.hunk[:_HUNK]]
        lines += ["..."] if len(finding.cause.hunk) > _HUNK else []
    else:
        at = finding.location
        around = {number: style.source(at.file, number) for number in range(max(at.line - _AROUND, 1), at.line + _AROUND + 1)}
        lines = [line for line in around.values() if line is not None]
        lines = [f"{at.file}:{at.line}, {at.function}()", *lines] if lines else []
    return "".join(f"> {line}".rstrip() + "\n" for line in lines)


def _chain(text: str) -> str:
    return _wrapped(text, "    ", "        ")


def _wrapped(text: str, first: str = "", rest: str = "") -> str:
    lines = textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False)
    return "".join(f"{line}\n" for line in lines)
