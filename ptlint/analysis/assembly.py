"""Inline assembly that moves values: what it reads, what it puts where, and what it compares first.

libclang shows the operands of assembly, and neither its template nor its constraints. What stands in the source (a macro's call, or the text
itself) says whether something is exchanged; the rest follows from the operands: which are variables, which is memory, which values come after.
"""

from __future__ import annotations

from typing import NamedTuple

from ptlint.analysis.evaluate import bare
from ptlint.frontend import ir

__all__ = ["Move", "move_of"]


class Move(NamedTuple):
    """What a statement does to ``memory``: it gets ``value``, where there is one; ``old`` gets what lay there before.

    Where there is an ``expected`` value, all this is only if that lies there; ``told`` then says whether it did. Otherwise ``old`` gets
    what lies there.
    """

    memory: ir.Var | ir.Member | ir.Index | ir.Unary
    value: ir.Expr | None = None
    old: ir.Var | None = None
    expected: ir.Expr | None = None
    told: ir.Var | None = None

    @property
    def type(self) -> str:
        """The type of what lies there, as it is spelled."""
        return self.memory.type

    @property
    def of_pointer(self) -> bool:
        """Does a pointer lie there?"""
        return bare(self.type).endswith("*")


def move_of(node: ir.Asm, assigned: frozenset[str]) -> Move | None:
    """The move that the assembly makes, as far as it is known to make one. ``assigned`` are the variables that statements give values to.

    Sources: ``arch/x86/include/asm/cmpxchg.h``, ``arch/x86/include/asm/percpu.h``.
    """
    outputs = dict.fromkeys(map(_whole, node.operands[: node.outputs]))
    registers = [operand for operand in outputs if isinstance(operand, ir.Var) and operand.scope in ("local", "param")]
    memories = [operand for operand in outputs if operand not in registers]
    values = list(dict.fromkeys(map(_whole, node.operands[node.outputs :])))
    if len(memories) != 1 or not isinstance(memories[0], (ir.Var, ir.Member, ir.Index, ir.Unary)):
        return None
    memory = memories[0]
    set_before = next((register for register in registers if register.id in assigned), None)
    left = next((register for register in registers if register is not set_before), None)
    if "xchg" not in node.text or not (registers or values):
        move = Move(memory, next(iter(values), None), left)
        return move if len(registers) + len(values) == 1 and set_before is None and move.of_pointer else None
    if not values:
        # XCHG, or one half of what is made of a read and a comparison.
        return Move(memory, set_before, set_before or left)
    if not registers:
        return Move(memory, values[0])
    if len(values) > 1 and set_before is None:
        return Move(memory, values[0], registers[0], values[1])
    if len(values) > 1:
        # A value in two halves: nobody is told whether it went there, so it is tried until it does.
        return Move(memory, values[0])
    if "cmpxchg" not in node.text:
        # Tried until it is done. A variable that was set before holds what was read.
        return Move(memory, values[0], None if set_before else left, told=left if set_before else None)
    return Move(memory, values[0], set_before or left, set_before, left if set_before else None)


def _whole(operand: ir.Expr) -> ir.Expr:
    """The variable that an operand is a half of: the instruction takes both."""
    base = operand
    while isinstance(base, ir.Member) and not base.arrow:
        base = base.base
    return base if isinstance(base, ir.Var) and base.scope == "local" else operand
