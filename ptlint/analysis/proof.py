"""A step of a way as a finding shows it."""

from __future__ import annotations

from ptlint.analysis.overlay.notes import Step
from ptlint.analysis.result import Proof
from ptlint.analysis.values import Hop
from ptlint.program.link import Program

__all__ = ["proof"]


def proof(at: Hop | Step, program: Program, note: str) -> Proof:
    """The line of ``at``, under the name of its function; ``note`` says what happens there."""
    return Proof(at.place.file, at.place.line, at.place.column, program.name(at.function), at.text, note)
