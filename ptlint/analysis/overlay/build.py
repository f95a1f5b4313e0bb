"""From what was noted to the results of one build."""

from __future__ import annotations

from collections.abc import Callable

from ptlint.analysis.overlay.claims import claims, matches, members
from ptlint.analysis.overlay.findings import findings
from ptlint.analysis.overlay.levels import Levels
from ptlint.analysis.overlay.notes import Notes
from ptlint.analysis.overlay.proofs import proofs
from ptlint.analysis.overlay.words import Words
from ptlint.analysis.result import Overlay, RawFinding
from ptlint.program.border import Border
from ptlint.program.link import Program

__all__ = ["names_words", "overlay"]


def overlay(
    notes: Notes,
    words: Words,
    program: Program,
    border: Border,
    names: Callable[[frozenset[str]], tuple[str, ...]],
    variants: tuple[str, ...],
    once: Callable[[str], bool],
) -> tuple[Overlay, list[RawFinding]]:
    """The overlay of a build, and its findings. ``names`` gives the variants of runtimes, ``variants`` are all of the build.

    ``once``: does a function run while the kernel boots only?
    """
    levels = Levels(notes)
    record = (sorted(words.of_tables) or [""])[0]
    result = Overlay(
        record, members(words), matches(words), claims(notes, levels, words, program, names), proofs(notes, levels, words, program, border, variants)
    )
    return result, findings(notes, levels, words, program, border, names, once)


def names_words(words: Words, program: Program, key: str) -> bool:
    """Does a function name an overlaid member, so that it has to be looked at whoever calls it? Helpers of headers are looked at in callers."""
    function = program.functions[key]
    if function.place.file.endswith(".h"):
        return False
    return not words.shared.isdisjoint(program.outlines[key].watched)
