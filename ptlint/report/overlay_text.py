"""The overlay for a person: the words of the record as a picture, the claims on them, and the proofs."""

from __future__ import annotations

import textwrap
from collections import defaultdict

from ptlint.report.interface import Style
from ptlint.report.names import Names
from ptlint.report.style import bold, count, dim
from ptlint.report.trouble import trouble
from ptlint.results import Claim, Member, OverlayResult, Proof
from ptlint.words import LEVELS

__all__ = ["render"]

_WIDTH = 96


def render(result: OverlayResult, style: Style) -> str:
    """The words, the assertions, the claims by member, the proofs."""
    parts = []
    names = Names(result.variants)
    layouts: dict[tuple[str, ...], list[Member]] = defaultdict(list)
    for member in result.members:
        layouts[member.variants].append(member)
    shown = {member.record for member in result.members if member.shared and (member.record == result.record or _claimed(member, result))}
    for variants, members in sorted(layouts.items(), key=lambda item: -len(item[0])):
        drawn = _picture([member for member in members if member.record in shown], style)
        if drawn:
            within = frozenset(variants)
            where = "" if within == names.all() else f" [{names.phrase(within, names.all())}]"
            parts.append(f"{bold(f'The words of {result.record}', style)}{where}, in bytes\n\n{drawn}")
    if result.matches:
        wrong = [match for match in result.matches if not match.holds]
        holding = "all hold" if not wrong else f"{len(wrong)} do not hold"
        told = [f"{count(len(result.matches), 'static assertion')} between the records checked against the layout: {holding}"]
        told += [f"  {match.file}:{match.line}: {match.one} and {match.other} do not lie at one offset" for match in wrong]
        parts.append("\n".join(told) + "\n")
    parts.append(_claims(result, names, style))
    parts.append(_proofs(result.proofs, names, style))
    gaps = trouble(result, style)
    return "\n".join(part for part in (*parts, gaps) if part)


def _claimed(member: Member, result: OverlayResult) -> bool:
    return any(claim.record == member.record and claim.member == member.member for claim in result.claims)


def _picture(members: list[Member], style: Style) -> str:
    """A box a member, over the words that it takes; the words run from left to right."""
    if not any(member.shared for member in members):
        return ""
    first, end = _span(members)
    word = max(1, (end - first) // 2)
    rows = []
    for member in sorted(members, key=lambda member: (member.record, member.offset, -member.size, member.member)):
        if member.shared and member.offset >= first and member.offset + member.size <= end:
            skip = (member.offset - first) // word
            wide = max(1, member.size // word)
            part = member.size < word or (member.offset - first) % word
            rows.append((member.record, skip, wide, f"{member.member} ({member.size} at {member.offset})" if part else member.member))
    cell = max(22, *((len(text) + 2 - wide + 1) // wide for _, _, wide, text in rows))
    count_ = (end - first + word - 1) // word
    margin = 2 + max(len(record) for record, _, _, _ in rows)
    rule = " " * margin + "+" + ("-" * cell + "+") * count_
    lines = [" " * margin + "".join(str(first + number * word).ljust(cell + 1) for number in range(count_)) + str(end), rule]
    for record, skip, wide, text in rows:
        box = " " * ((cell + 1) * skip) + "|" + text.center(wide * (cell + 1) - 1) + "|"
        lines.append(dim(record.ljust(margin), style) + box)
    return "\n".join([*lines, rule]) + "\n"


def _span(members: list[Member]) -> tuple[int, int]:
    """The bytes that the overlay is about: what the largest member takes that shares words with all the others."""
    shared = [member for member in members if member.shared]
    inside = [
        member
        for member in shared
        if all(member.offset < other.offset + other.size and other.offset < member.offset + member.size for other in shared)
    ]
    whole = min(inside or shared, key=lambda member: (-sum(other == member for other in shared), member.size))
    return whole.offset, whole.offset + whole.size


def _claims(result: OverlayResult, names: Names, style: Style) -> str:
    by_member: dict[str, list[Claim]] = defaultdict(list)
    for claim in result.claims:
        by_member[claim.member].append(claim)
    lines = []
    for member, claims in sorted(by_member.items()):
        levels = sorted({level for claim in claims for level in claim.tables}, key=LEVELS.index)
        lines.append(f"{bold(member, style)}: {count(len(claims), 'use')}, by {', '.join(levels)} tables")
        width = max(len(f"{claim.file}:{claim.line}") for claim in claims)
        for claim in claims:
            within = frozenset(claim.variants)
            where = "" if within == names.all() else dim(f" [{names.phrase(within, names.all())}]", style)
            lines.append(
                f"  {f'{claim.file}:{claim.line}'.ljust(width)}  {claim.access.ljust(6)}  {claim.function} ({', '.join(claim.tables)}){where}"
            )
        lines.append("")
    return "\n".join(lines)


def _proofs(proofs: tuple[Proof, ...], names: Names, style: Style) -> str:
    lines = []
    for proof in proofs:
        lines.append(f"{bold(proof.verdict, style)}: {proof.against} is free when {proof.claim} is written")
        for part in proof.parts:
            within = frozenset(part.variants)
            where = "" if within == names.all() else f"[{names.phrase(within, names.all())}] "
            verdict = "" if part.verdict == proof.verdict else f"{part.verdict}: "
            lines += _wrapped(f"{where}{verdict}{part.reason}")
    return "\n".join(lines) + "\n" if lines else ""


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)
