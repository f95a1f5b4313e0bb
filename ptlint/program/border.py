"""The border as typed values, read from ``rules/border.toml`` and ``rules/runtimes.toml``."""

from __future__ import annotations

import functools
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

__all__ = ["Account", "Border", "Defer", "Entry", "Free", "ListOp", "PatchedCall", "Runtime", "Wait", "load_border"]

NOPROF = "_noprof"


class Entry(msgspec.Struct, frozen=True):
    """A type of page-table entry: ``value`` is the number in it, ``holds`` the level of the table it lies in, ``below`` what it points to."""

    type: str
    value: str
    holds: str
    below: str
    reason: str


class Free(msgspec.Struct, frozen=True):
    """A primitive that gives memory back. ``form`` says what argument ``arg`` is; ``after`` a wait that it implies."""

    names: tuple[str, ...]
    arg: int
    form: str
    reason: str
    after: str = ""


class Wait(msgspec.Struct, frozen=True):
    """A primitive that waits: for the walker ``classes``; where ``when_arg`` is given, only if that argument is not zero.

    ``told_arg`` is the argument that tells a flush that tables are freed, ``range_args`` those that say what is flushed. One that ``tells``
    returns whether the wait is over. What is ``defined_in`` a folder has to be waited for in the builds that have it only. A flush is
    ``broadcast_with`` a Kconfig symbol: no CPU is interrupted then, or not for all address spaces.
    """

    names: tuple[str, ...]
    kind: str
    classes: tuple[str, ...]
    reason: str
    when_arg: int = -1
    told_arg: int = -1
    range_args: tuple[int, ...] = ()
    tells: bool = False
    defined_in: str = ""
    broadcast_with: str = ""


class Defer(msgspec.Struct, frozen=True):
    """A primitive that lets a function run later.

    ``object`` is the argument that names the queued object (-1: the last), ``callback`` the argument that is the function,
    or ``member`` the members of the object that hold it.
    """

    names: tuple[str, ...]
    object: int
    kind: str
    reason: str
    callback: int = -1
    member: tuple[str, ...] = ()


class Setup(msgspec.Struct, frozen=True):
    """A primitive that puts the function at argument ``callback`` into a ``member`` of the item at argument ``object``."""

    names: tuple[str, ...]
    object: int
    callback: int
    member: str
    reason: str


class PatchedCall(msgspec.Struct, frozen=True):
    """A function ``called`` X has no body: it goes where ``variable`` X says, or who is given that as ``object`` with a ``callback``.

    Both are beginnings of names.
    """

    called: str
    variable: str
    names: tuple[str, ...]
    object: int
    callback: int
    reason: str


class ListOp(msgspec.Struct, frozen=True):
    """A primitive on lists: argument ``object`` is added to, spliced into, or taken from the list at argument ``head``."""

    names: tuple[str, ...]
    action: str
    object: int
    head: int
    reason: str


class Account(msgspec.Struct, frozen=True):
    """A primitive that counts the page at argument ``arg``, or, where it does not ``give``, stops to count it."""

    names: tuple[str, ...]
    arg: int
    gives: bool
    reason: str


class Fill(msgspec.Struct, frozen=True):
    """A primitive that sets each of ``size`` bytes of an object to ``value``: the arguments that say which."""

    names: tuple[str, ...]
    object: int
    value: int
    size: int
    reason: str


T = TypeVar("T", Free, Wait, Defer, Setup, ListOp, Account, Fill)


class Runtime(msgspec.Struct, frozen=True):
    """Who fills the tables of functions; ``files`` are prefixes of the paths whose assignments are this runtime's."""

    name: str
    title: str
    reason: str
    symbol: str = ""
    without: str = ""
    files: tuple[str, ...] = ()


class Border(msgspec.Struct, frozen=True, dict=True):
    """Everything that is named. See ``rules/border.toml`` for what each part means."""

    entries: dict[str, Entry]
    tables: dict[str, str]
    pages: frozenset[str]
    gathers: frozenset[str]
    links: frozenset[str]
    heads: frozenset[str]
    leaf_bit: int
    present_bit: int
    table_bytes: int
    table_span: int
    kernel_roots: frozenset[str]
    root_types: frozenset[str]
    allocs: frozenset[str]
    frees: dict[str, Free]
    waits: dict[str, Wait]
    defers: dict[str, Defer]
    setups: dict[str, Setup]
    patched: tuple[PatchedCall, ...]
    lists: dict[str, ListOp]
    views: dict[str, int]
    readers: dict[str, str]
    reader_ends: dict[str, str]
    data: dict[str, int]
    mappings: dict[str, int]
    counts: dict[str, int]
    constructed: dict[str, int]
    of_kernel: dict[str, int]
    exclusive: dict[str, str]
    guards: frozenset[str]
    exclusive_ends: dict[str, frozenset[str]]
    noreturn: frozenset[str]
    ignored: frozenset[str]
    locks: frozenset[str]
    unlocks: frozenset[str]
    owners: frozenset[str]
    detaches: frozenset[str]
    accounts: dict[str, Account]
    touches: dict[str, tuple[int, ...]]
    fills: dict[str, Fill]
    completions: frozenset[str]
    callback_waits: dict[str, int]
    once: frozenset[str]
    runtimes: tuple[Runtime, ...]

    @functools.cached_property
    def named(self) -> frozenset[str]:
        """All functions that the analysis does not look into."""
        return frozenset(
            {
                *self.allocs,
                *self.frees,
                *self.waits,
                *self.defers,
                *self.setups,
                *self.lists,
                *self.views,
                *self.data,
                *self.mappings,
                *self.counts,
                *self.constructed,
                *self.of_kernel,
                *self.exclusive,
                *self.exclusive_ends,
                *self.noreturn,
                *self.ignored,
                *self.locks,
                *self.unlocks,
                *self.detaches,
                *self.accounts,
                *self.touches,
                *self.fills,
                *self.completions,
                *self.callback_waits,
            }
        )

    @functools.cached_property
    def patched_names(self) -> tuple[str, ...]:
        """How the names of functions begin that are called in the place of others."""
        return tuple(patched.called for patched in self.patched)

    @functools.cached_property
    def level_types(self) -> dict[str, str]:
        """Types whose values are tables, or lie in one, with the level: ``pmd_t *`` is (in) a PMD table."""
        pointers = {f"{entry.type} *": entry.holds for entry in self.entries.values()}
        return {**pointers, **self.tables}

    @functools.cached_property
    def entry_values(self) -> frozenset[str]:
        """The types of the numbers in entries."""
        return frozenset(entry.value for entry in self.entries.values())

    def drops(self, name: str) -> bool:
        """Does this function drop one reference, which may be one of several?"""
        free = self.frees.get(name)
        return free is not None and free.form == "folio"

    def runtime_of(self, file: str) -> str | None:
        """The runtime that the code of ``file`` belongs to, or None where it is everybody's."""
        for runtime in self.runtimes:
            if file.startswith(runtime.files) and runtime.files:
                return runtime.name
        return None


def _arguments(rows: list[dict[str, Any]]) -> dict[str, int]:
    """For each name the argument that its meaning is about."""
    return {name: row["arg"] for row in rows for name in row["names"]}


def _names(rows: list[dict[str, object]]) -> frozenset[str]:
    names: set[str] = set()
    for row in rows:
        listed = row.get("names")
        assert isinstance(listed, list)
        for name in listed:
            names.update((name, name + NOPROF))
    return frozenset(names)


def _by_name(kind: type[T], rows: list[dict[str, object]]) -> dict[str, T]:
    table: dict[str, T] = {}
    for row in rows:
        value = msgspec.convert(row, kind)
        table.update((name, value) for name in value.names)
    return table


def load_border(folder: Path) -> Border:
    """Read the border.

    Args:
        folder: the folder ``rules``.

    Raises:
        OSError, tomllib.TOMLDecodeError, msgspec.ValidationError: the files are not what they should be.
    """
    data = tomllib.loads((folder / "border.toml").read_text())
    runtimes = tomllib.loads((folder / "runtimes.toml").read_text())
    entries = [msgspec.convert(row, Entry) for row in data["entry"]]
    return Border(
        entries={entry.type: entry for entry in entries},
        tables={row["type"]: row["level"] for row in data["table"]},
        pages=frozenset(name for row in data["page"] for name in row["types"]),
        gathers=frozenset(row["type"] for row in data["gather"]),
        links=frozenset(name for row in data["queue_link"] for name in row["types"]),
        heads=frozenset(name for row in data["head"] for name in row["types"]),
        leaf_bit=data["hardware"]["leaf_bit"],
        present_bit=data["hardware"]["present_bit"],
        table_bytes=data["hardware"]["table_bytes"],
        table_span=data["hardware"]["table_span"],
        kernel_roots=_names(data["kernel_root"]),
        root_types=frozenset(row["type"] for row in data["kernel_root"]),
        allocs=_names(data["alloc"]),
        frees=_by_name(Free, data["free"]),
        waits=_by_name(Wait, data["wait"]),
        defers=_by_name(Defer, data["defer"]),
        setups=_by_name(Setup, data["setup"]),
        patched=tuple(msgspec.convert(row, PatchedCall) for row in data["patched_call"]),
        lists=_by_name(ListOp, data["list"]),
        views=_arguments(data["view"]),
        reader_ends={name: row["class"] for row in data["reader_end"] for name in row["names"]},
        readers={name: row["class"] for row in data["reader"] for name in row["names"]},
        data=_arguments(data["data"]),
        exclusive={name: row["guards"] for row in data["exclusive"] for name in row["names"]},
        guards=frozenset(row["guards"] for row in data["exclusive"] if not row.get("optional")),
        exclusive_ends={name: frozenset(row["guards"]) for row in data["exclusive_end"] for name in row["names"]},
        constructed=_arguments(data["constructed"]),
        of_kernel=_arguments(data["of_kernel"]),
        counts=_arguments(data["count"]),
        mappings=_arguments(data["mapping"]),
        noreturn=_names(data["noreturn"]),
        ignored=_names(data["ignore"]),
        locks=_names(data["lock"]),
        unlocks=_names(data["unlock"]),
        owners=frozenset(name for row in data["user_owner"] for name in row["types"]),
        detaches=_names(data["detach"]),
        accounts=_by_name(Account, data["account"]),
        touches={name: tuple(row["args"]) for row in data["touch"] for name in row["names"]},
        fills=_by_name(Fill, data["fill"]),
        completions=_names(data["completion"]),
        callback_waits=_arguments(data["callback_wait"]),
        once=_names(data["once"]),
        runtimes=tuple(msgspec.convert(row, Runtime) for row in runtimes["runtime"]),
    )
