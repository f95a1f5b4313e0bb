"""The typed intermediate representation: what the analysis sees of a C function.

A function is a control-flow graph of basic blocks. A block holds expressions that are evaluated in order, for their
effects, and ends in one terminator. Expressions are trees. Macros are expanded, but a call remembers the macro that the
source line names; inline assembly keeps its operands; constants are folded.

Everything is a frozen ``msgspec.Struct``: hashable, comparable, and serialised without pickle.
"""

from __future__ import annotations

import msgspec

__all__ = [
    "Asm",
    "Assign",
    "Binary",
    "Block",
    "Branch",
    "Call",
    "Cast",
    "Cond",
    "Const",
    "Expr",
    "Field",
    "FunctionRef",
    "Function",
    "Global",
    "Index",
    "Init",
    "Jump",
    "Layout",
    "Match",
    "Member",
    "Opaque",
    "Param",
    "Place",
    "Return",
    "Shared",
    "String",
    "Switch",
    "Terminator",
    "Unary",
    "Unit",
    "Unreachable",
    "Var",
]


class Place(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A position in the tree. ``file`` is relative to the tree; line and column count from 1."""

    file: str
    line: int
    column: int


class _Node(msgspec.Struct, frozen=True, array_like=True, gc=False, tag=True, tag_field="node"):
    pass


class Const(_Node, frozen=True):
    """An integer (or a folded constant expression, an enumerator, a ``sizeof``)."""

    value: int


class String(_Node, frozen=True):
    """A string literal."""

    value: str


class Var(_Node, frozen=True):
    """A variable. ``id`` tells variables of one name apart inside a function: ``name`` or ``name#2``.

    ``scope`` is ``param``, ``local``, ``static`` (function-local static) or ``global``. A global with internal linkage has
    ``FILE:NAME`` as its id, one with external linkage ``NAME``; a local static ``FILE:FUNCTION.NAME``.
    ``type`` is the declared type as spelled, typedefs kept (``pgtable_t``, ``pmd_t *``).
    """

    id: str
    scope: str
    type: str


class FunctionRef(_Node, frozen=True):
    """A function that is named. ``key`` is ``NAME``, or ``FILE:NAME`` for internal linkage (also of a header)."""

    key: str


class Member(_Node, frozen=True):
    """``base.name`` or ``base->name`` (then ``arrow``). ``record`` is the record that declares the member (``struct page``).

    For a member of an anonymous record, ``record`` is the nearest named record around it. Of the records that are asked for, ``place`` is
    where the member is named and ``macros`` the macros between, as in a call.
    """

    base: Expr
    name: str
    record: str
    arrow: bool
    type: str
    place: Place | None = None
    macros: tuple[tuple[str, Place], ...] = ()


class Index(_Node, frozen=True):
    """``base[index]``."""

    base: Expr
    index: Expr
    type: str


class Unary(_Node, frozen=True):
    """``op`` is one of ``* & - ~ ! ++ -- post++ post--``. ``type`` is the type of the result."""

    op: str
    operand: Expr
    type: str


class Binary(_Node, frozen=True):
    """``op`` as in C, assignments and the comma operator aside. ``type`` is the type of the result."""

    op: str
    left: Expr
    right: Expr
    type: str


class Assign(_Node, frozen=True):
    """``left = right``; ``op`` is empty, or the operator of a compound assignment (``+`` for ``+=``)."""

    left: Expr
    right: Expr
    op: str
    place: Place


class Cond(_Node, frozen=True):
    """``test ? yes : no`` whose arms have no effects (else it is lowered to branches)."""

    test: Expr
    yes: Expr
    no: Expr


class Cast(_Node, frozen=True):
    """An explicit cast to ``type``, as spelled."""

    type: str
    operand: Expr


class Call(_Node, frozen=True):
    """A call. ``function`` is a FunctionRef, or an expression of pointer type.

    ``place`` is where it stands in the file (of a macro: where the outermost macro is used). ``text`` is what stands there:
    the callee, or the outermost macro's name. ``macros`` are the macros from there to the callee, outermost first, each with the
    place of its definition; empty when the call is written out. ``type`` is the type of the result.
    """

    function: Expr
    args: tuple[Expr, ...]
    place: Place
    text: str
    macros: tuple[tuple[str, Place], ...]
    type: str


class Field(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value in an initialiser. ``path`` names the members (or ``[n]``) down to it, outermost first.

    ``record`` is the named record that declares the last member (empty for an element of an array).
    """

    path: tuple[str, ...]
    value: Expr
    record: str = ""


class Init(_Node, frozen=True):
    """An initialiser list, or a compound literal, of ``type``, flattened."""

    type: str
    fields: tuple[Field, ...]


class Asm(_Node, frozen=True):
    """Inline assembly: its output and input operands as expressions, and its text.

    The first ``outputs`` operands are lvalues: all outputs, and inputs in memory that follow them at once.
    """

    operands: tuple[Expr, ...]
    text: str
    place: Place
    macro: str
    outputs: int = 0


class Opaque(_Node, frozen=True):
    """An expression that the lowering does not model; ``operands`` are what it is made of.

    ``container_of`` has a pointer and the name of the member that it points to; ``unchecked`` a condition that must never hold, as the source
    says, and that this configuration does not check.
    """

    kind: str
    operands: tuple[Expr, ...]
    type: str
    place: Place | None = None


Expr = Const | String | Var | FunctionRef | Member | Index | Unary | Binary | Assign | Cond | Cast | Call | Init | Asm | Opaque


class Jump(_Node, frozen=True):
    """Control goes on in block ``target``."""

    target: int


class Branch(_Node, frozen=True):
    """To block ``yes`` when ``test`` is not zero, else to ``no``."""

    test: Expr
    yes: int
    no: int
    place: Place


class Switch(_Node, frozen=True):
    """To the block of the case whose (low, high) range holds ``value``, else to ``default``."""

    value: Expr
    cases: tuple[tuple[int, int, int], ...]
    default: int
    place: Place


class Return(_Node, frozen=True):
    """The function returns ``value``."""

    value: Expr | None
    place: Place


class Unreachable(_Node, frozen=True):
    """Control never gets here (after a call that does not return)."""


Terminator = Jump | Branch | Switch | Return | Unreachable


class Block(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """``body`` in order, then ``end``."""

    body: tuple[Expr, ...]
    end: Terminator


class Param(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A parameter, with its type as spelled."""

    id: str
    type: str


class Function(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A function with its body. Block 0 is the entry.

    ``cleanups`` is empty; a variable with a cleanup function is lowered to calls on each way out of its scope. ``marks`` are the words with
    two leading underscores before the name, ``__init`` say.
    """

    key: str
    name: str
    place: Place
    end_line: int
    params: tuple[Param, ...]
    result: str
    static: bool
    blocks: tuple[Block, ...]
    marks: tuple[str, ...] = ()


class Global(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A global (or local static) variable with its initialiser, for tables of functions."""

    id: str
    type: str
    place: Place
    init: Expr | None


class Match(msgspec.Struct, frozen=True, array_like=True, gc=False, order=True):
    """A static assertion that two members (``struct page.lru``) lie at the same offset."""

    place: Place
    one: str
    other: str


class Layout(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record: its size, and (member, offset, size) of each member, anonymous records seen through; bytes.

    ``types`` are the members' types, in the same order, ``written`` their names as the source has them (a macro may stand for one);
    ``matches`` are the assertions in the file that declares the record.
    """

    record: str
    size: int
    members: tuple[tuple[str, int, int], ...]
    types: tuple[str, ...] = ()
    matches: tuple[Match, ...] = ()
    written: tuple[str, ...] = ()


class Shared(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A function that a precompiled header has, the same for all units of a build.

    ``refs`` are the keys of other such functions that it names, ``statics`` its static variables, ``records`` those of the records asked for
    that it uses.
    """

    function: Function
    refs: tuple[str, ...]
    statics: tuple[Global, ...]
    records: tuple[str, ...]


class Unit(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one translation unit gives in one build: its functions, and those of headers that it reaches.

    ``declared`` are functions that its own part calls and that have no body here, with their result type.
    """

    file: str
    functions: tuple[Function, ...]
    variables: tuple[Global, ...]
    layouts: tuple[Layout, ...]
    declared: tuple[tuple[str, str], ...]
