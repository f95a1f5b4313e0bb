"""What callers ask for: whether they go a way that depends on flags, or functions, which they give."""

from __future__ import annotations

from ptlint.analysis import terms
from ptlint.analysis.flow import settings
from ptlint.analysis.ledger import Told
from ptlint.analysis.terms import Term
from ptlint.frontend import ir
from ptlint.program.link import Program

__all__ = ["asked_for"]

_UNKNOWN: Term = ("n", ("given",), "")
_DEEP = 3  # calls through which a flag is handed on


def asked_for(program: Program, function: str, told: Told, deep: int = _DEEP) -> bool:
    """May somebody call the function so that what is ``told`` of its parameters holds?

    Who is called by nobody here, lies in a table of functions, or is handed to somebody may be called by anybody.
    """
    callers = program.callers.get(function, frozenset())
    calls = {caller: [call for key, call in program.outlines[caller].calls if key == function] for caller in callers}
    if not calls or function in program.fillers or not all(calls.values()):
        return True
    return any(_asks(program, caller, call, told, deep) for caller, own in calls.items() for call in own)


def _asks(program: Program, caller: str, call: ir.Call, told: Told, deep: int) -> bool:
    changed = {variable for block in program.functions[caller].blocks for variable, *_ in settings(block)}
    params = {param.id: ("p", index, param.type) for index, param in enumerate(program.functions[caller].params) if param.id not in changed}
    handed = []
    for term, truth in told:
        given = _given(term, call, params)
        if given[0] == "c" and bool(given[1]) != truth:
            return False
        if given[0] != "c" and all(leaf[0] in ("p", "c") for leaf in terms.leaves(given)):
            handed.append((given, truth))
    return not handed or not deep or asked_for(program, caller, tuple(handed), deep - 1)


def _given(term: Term, call: ir.Call, params: dict[str, Term]) -> Term:
    """A term of the callee's parameters as one of the caller's, as far as it gives numbers or parameters of its own."""
    if term[0] == "o" and term[1] == "!":
        return terms.negated(_given(term[2], call, params))
    if term[0] == "o":
        return terms.op(term[1], _given(term[2], call, params), _given(term[3], call, params))
    if term[0] != "p":
        return term
    return _value(call.args[term[1]], params) if term[1] < len(call.args) else _UNKNOWN


def _value(node: ir.Expr, params: dict[str, Term]) -> Term:
    """An argument as a term of the caller's parameters."""
    match node:
        case ir.Const():
            return ("c", node.value)
        case ir.FunctionRef():
            return ("fn", node.key)
        case ir.Var():
            return params.get(node.id, _UNKNOWN)
        case ir.Cast():
            return _value(node.operand, params)
        case ir.Unary(op="!"):
            return terms.negated(_value(node.operand, params))
        case ir.Binary():
            return terms.op(node.op, _value(node.left, params), _value(node.right, params))
        case _:
            return _UNKNOWN
