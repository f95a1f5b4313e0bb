"""The intermediate representation as text, for people."""

from __future__ import annotations

from collections.abc import Iterator

from .ir import (
    Asm,
    Assign,
    Binary,
    Branch,
    Call,
    Cast,
    Cond,
    Const,
    Expr,
    Function,
    FunctionRef,
    Global,
    Index,
    Init,
    Jump,
    Member,
    Opaque,
    Return,
    String,
    Switch,
    Terminator,
    Unary,
    Var,
)
from .walk import walk

__all__ = ["show", "show_end", "show_function", "show_variable"]


def show(expr: Expr) -> str:
    """An expression in one line, close to C."""
    match expr:
        case Const():
            return str(expr.value)
        case String():
            return f'"{expr.value}"'
        case Var():
            return expr.id
        case FunctionRef():
            return expr.key
        case Member():
            return f"{_operand(expr.base)}{'->' if expr.arrow else '.'}{expr.name}"
        case Index():
            return f"{_operand(expr.base)}[{show(expr.index)}]"
        case Unary():
            return f"{_operand(expr.operand)}{expr.op[4:]}" if expr.op.startswith("post") else f"{expr.op}{_operand(expr.operand)}"
        case Binary():
            return f"{_operand(expr.left)} {expr.op} {_operand(expr.right)}"
        case Assign():
            return f"{show(expr.left)} {expr.op}= {show(expr.right)}"
        case Cond():
            return f"{_operand(expr.test)} ? {_operand(expr.yes)} : {_operand(expr.no)}"
        case Cast():
            return f"({expr.type}){_operand(expr.operand)}"
        case _:
            return _show_list(expr)


def _show_list(expr: Expr) -> str:
    match expr:
        case Call():
            return f"{_operand(expr.function)}({', '.join(map(show, expr.args))})"
        case Init():
            fields = ", ".join("." + ".".join(field.path) + " = " + show(field.value) for field in expr.fields)
            return f"({expr.type}){{{fields}}}"
        case Asm():
            return f"asm{f' {expr.macro}' if expr.macro else ''}({', '.join(map(show, expr.operands))})"
        case Opaque():
            return f"<{expr.kind}>({', '.join(map(show, expr.operands))})"
        case _:
            return repr(expr)


def _operand(expr: Expr) -> str:
    text = show(expr)
    return f"({text})" if isinstance(expr, Binary | Assign | Cond | Cast) or (isinstance(expr, Unary) and expr.op == "*") else text


def show_end(end: Terminator) -> str:
    """A terminator in one line."""
    match end:
        case Jump():
            return f"-> {end.target}"
        case Branch():
            return f"if {show(end.test)} -> {end.yes} else {end.no}"
        case Switch():
            cases = ", ".join(f"{low if low == high else f'{low}..{high}'}: {block}" for low, high, block in end.cases)
            return f"switch {show(end.value)} {{{cases}}} default {end.default}"
        case Return():
            return f"return {show(end.value)}" if end.value is not None else "return"
        case _:
            return "unreachable"


def _calls(expr: Expr) -> Iterator[Call]:
    for found in walk(expr):
        if isinstance(found, Call):
            yield found


def show_function(function: Function, origins: bool = False) -> str:
    """A function, block by block; with ``origins``, the macros of its calls."""
    params = ", ".join(f"{param.type} {param.id}" for param in function.params)
    lines = [f"{function.place.file}:{function.place.line}-{function.end_line}: {function.result} {function.key}({params})"]
    for number, block in enumerate(function.blocks):
        lines.append(f"  {number}:")
        for expr in block.body:
            lines.append(f"    {show(expr)}")
            if origins:
                lines.extend(f"        # {_origin(call)}" for call in _calls(expr))
        lines.append(f"    {show_end(block.end)}")
    return "\n".join(lines)


def _origin(call: Call) -> str:
    chain = " > ".join(f"{name} ({place.file}:{place.line}:{place.column})" for name, place in call.macros)
    return f"{call.place.file}:{call.place.line}:{call.place.column} {call.text} {show(call.function)} {chain}".rstrip()


def show_variable(variable: Global) -> str:
    """A variable with its initialiser."""
    return f"{variable.place.file}:{variable.place.line}: {variable.type} {variable.id} = {show(variable.init) if variable.init else '?'}"
