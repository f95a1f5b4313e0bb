"""What the fixtures expect: ``expect:`` and ``known-limit:`` comments, and a single-file case through the whole analysis."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from ptlint import resources
from ptlint.analysis.build import analyse
from ptlint.analysis.kept import Keeper
from ptlint.analysis.result import BuildResult
from ptlint.frontend.parse import parse_unit
from ptlint.program.border import load_border
from ptlint.program.link import Program, link

__all__ = ["CASES", "DEMO", "Expectation", "ROOT", "Found", "Line", "analysed", "compare", "expectations", "graph_lines", "known_limit", "linked"]

ROOT = Path(__file__).parents[1]
FIXTURES = ROOT / "fixtures"
CASES = FIXTURES / "cases"
DEMO = FIXTURES / "demo"
FLAGS = ("-nostdinc", "-std=gnu11", "--target=x86_64-linux-gnu", "-funsigned-char", "-fms-extensions", "-w", "-Ifixtures/cases")

_EXPECT = re.compile(r"/\*\s*expect:\s*(?P<rule>PTL\d{3})(?:\s+(?P<severity>error|warning|note))?(?:\s+\[(?P<variants>[^\]]*)\])?\s*\*/")
_ANY_EXPECT = re.compile(r"expect:")
_LIMIT = re.compile(r"/\*\s*known-limit:\s*(.*?)\s*\*/", re.DOTALL)


class Expectation(NamedTuple):
    """A finding that has to stand on a line. ``severity`` is empty, and ``variants`` None, where the comment leaves it open."""

    file: str
    line: int
    rule: str
    severity: str
    variants: frozenset[str] | None


class Found(NamedTuple):
    """A finding, as far as a comment speaks of it."""

    file: str
    line: int
    rule: str
    severity: str
    variants: frozenset[str]


def expectations(file: str, text: str) -> list[Expectation]:
    """The ``expect:`` comments of a file. One that is not well formed is an error: it would never fail."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        marks = list(_EXPECT.finditer(line))
        if len(marks) != len(_ANY_EXPECT.findall(line)):
            raise ValueError(f"{file}:{number}: a comment that says expect: and cannot be read: {line.strip()}")
        for mark in marks:
            variants = None if mark["variants"] is None else frozenset(mark["variants"].split())
            found.append(Expectation(file, number, mark["rule"], mark["severity"] or "", variants))
    return found


def known_limit(text: str) -> str:
    """Why the engine cannot do a case yet; empty where it can."""
    mark = _LIMIT.search(text)
    return re.sub(r"\s*\n\s*\**\s*", " ", mark[1]) if mark else ""


def compare(expected: list[Expectation], found: list[Found]) -> list[str]:
    """What is missing, and what is there though nobody expects it (notes aside), a line each. Every expectation takes one finding."""
    left = list(found)
    wrong = []
    for mark in expected:
        fitting = [
            one
            for one in left
            if (one.file, one.line, one.rule) == (mark.file, mark.line, mark.rule)
            and mark.severity in ("", one.severity)
            and mark.variants in (None, one.variants)
        ]
        if fitting:
            left.remove(fitting[0])
        else:
            variants = "" if mark.variants is None else f" [{' '.join(sorted(mark.variants))}]"
            wrong.append(f"missing: {mark.file}:{mark.line}: {mark.rule} {mark.severity or 'any'}{variants}")
    wrong += [
        f"surplus: {one.file}:{one.line}: {one.rule} {one.severity} [{' '.join(sorted(one.variants))}]" for one in left if one.severity != "note"
    ]
    return sorted(wrong)


def analysed(name: str, keeper: Keeper | None = None, unsaved: dict[str, bytes] | None = None, left_out: frozenset[str] = frozenset()) -> BuildResult:
    """The single-file case ``name``: one variant, no Kconfig, no selection.

    The walker under RCU that border.h has is called by a file of its own, that is linked to every case that does not leave the walker out.
    ``keeper`` keeps summaries; ``unsaved`` are contents in place of the files' own; ``left_out`` is what a selection would leave out.
    Of a case that says so, IOMMUs walk the kernel's tables, or flushes go by broadcast.
    """
    border = load_border(resources.rules())
    program = linked(name, unsaved)
    text = (CASES / name).read_text()
    return analyse(
        program,
        border,
        build="case",
        variants={"nopv": "nopv"},
        incomplete=(),
        units=1,
        left_out=left_out,
        keeper=keeper,
        devices="#define BORDER_DEVICES" in text,
        broadcasts="#define BORDER_BROADCASTS" in text,
    )


def linked(name: str, unsaved: dict[str, bytes] | None = None) -> Program:
    """The program of a single-file case; see ``analysed``."""
    files = [f"fixtures/cases/{name}"]
    if "#define BORDER_NO_RCU_WALKERS" not in (CASES / name).read_text():
        files.append("fixtures/cases/support/walker.c")
    units = []
    for file in files:
        unit, problems = parse_unit(str(ROOT), file, list(FLAGS), unsaved=unsaved, records=("struct page", "struct ptdesc"))
        assert unit is not None
        assert problems == [], problems
        units.append(unit)
    return link(units, load_border(resources.rules()), ("nopv",))


# ---- graphs as text ----------------------------------------------------------------------------------------


class Line(NamedTuple):
    """An edge of a graph, as its text form says it. ``variants`` and ``label`` are empty where the text says nothing."""

    caller: str
    function: str
    label: str
    variants: str
    frees: str
    above: bool


def graph_lines(text: str) -> set[Line]:
    """The edges in the text form of one graph (or of several, one after the other)."""
    found: set[Line] = set()
    stack: list[tuple[int, str, str]] = []  # (indent, function, label of what is below)
    for line in text.splitlines():
        word = line.strip()
        if not word or word.startswith("#"):
            stack = []
            continue
        indent = len(line) - len(line.lstrip())
        while stack and stack[-1][0] >= indent:
            stack.pop()
        caller, label = (stack[-1][1], stack[-1][2]) if stack else ("", "")
        if word.startswith("["):
            stack.append((indent, caller, word.strip("[:]")))
            continue
        function, *notes = re.split(r"\s+\[", word.replace("]", ""))
        frees = next((note for note in notes if note.startswith("frees")), "")
        variants = next((note for note in notes if not note.startswith("frees") and note not in ("see above", "callback", "container")), "")
        if caller:
            found.add(Line(caller, function, label, variants, frees, "see above" in notes))
        stack.append((indent, function, ""))
    return found
