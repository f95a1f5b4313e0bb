"""From a tree to its builds: configurations, the files each compiles, generated headers, and the arguments for libclang.

::

    with open_tree(path) as tree:
        plan = prepare(tree, cache_dir)
        for build in plan.builds:
            command = plan.command(build, "mm/memory.c")
            unit = index.parse(command.file, args=list(command.arguments))

``command.arguments`` are complete: they begin with ``-working-directory=ROOT``, so the process's own folder does not matter, and files are
named relative to the tree (``mm/memory.c``, ``include/linux/mm.h``). Generated headers are absolute paths below ``plan.generated[build.name]``.
``plan.common(build)`` are the arguments without what belongs to one unit, for a precompiled header. A cleanup function of ``guard()`` shows
in the cursors as an ``annotate`` attribute ``cleanup:FUNCTION`` on the variable.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from ptlint.build.answers import load_rules
from ptlint.build.bounds import bounds_header
from ptlint.build.derive import derive_builds, not_covered
from ptlint.build.flags import command, common_arguments
from ptlint.build.headers import GENERATED, generated_headers
from ptlint.build.kconfig import parse
from ptlint.build.model import Build, Command
from ptlint.errors import Unreadable
from ptlint.tree import Tree

__all__ = ["Build", "Command", "Derived", "Plan", "derive", "not_covered", "prepare", "realise"]


class Plan(msgspec.Struct, frozen=True):
    """The builds of a tree, and all that is needed to parse their units.

    ``generated`` gives the absolute folder of each build's generated headers, by the build's name. ``read`` are the files that the compiler
    read for them.
    """

    tree: Tree
    builds: tuple[Build, ...]
    generated: dict[str, str]
    read: frozenset[str] = frozenset()

    def command(self, build: Build, file: str) -> Command:
        """How ``file`` (relative to the tree) is parsed in ``build``."""
        return command(self.tree, build, file, self.generated[build.name])

    def common(self, build: Build) -> tuple[str, ...]:
        """The arguments that all units of ``build`` share."""
        return common_arguments(self.tree, build.bits, self.generated[build.name])


class Derived(msgspec.Struct, frozen=True):
    """The builds of a tree, and the text of the headers that kbuild would generate for each, by path, but for those that the compiler makes."""

    builds: tuple[Build, ...]
    headers: dict[str, dict[str, str]]


def prepare(tree: Tree, cache_dir: str | os.PathLike[str], gates: Iterable[str] = (), config: str | os.PathLike[str] | None = None) -> Plan:
    """Read the tree's Kconfig and Makefiles, choose its builds, and write their generated headers below ``cache_dir``.

    ``gates`` are further CONFIG symbols to switch on where Kconfig lets it; ``config`` is a ``.config`` of the user's own.
    Raises ``UsageError`` when the Kconfig files or ``config`` cannot be read, ``Unreadable`` when headers cannot be made or written.
    """
    return realise(tree, cache_dir, derive(tree, gates, config))


def derive(tree: Tree, gates: Iterable[str] = (), config: str | os.PathLike[str] | None = None, switches: Iterable[str] = ()) -> Derived:
    """The first half of ``prepare``: what depends on the tree's Kconfig, Makefiles and lists of headers. Raises as ``prepare`` does.

    ``switches`` are symbols of which both values are looked at where the rules do not know them.
    """
    rules = load_rules()
    builds = derive_builds(tree, parse(tree, rules), gates, None if config is None else Path(config), rules, sorted(switches))
    return Derived(tuple(builds), {build.name: generated_headers(tree, build.symbols) for build in builds})


def realise(tree: Tree, cache_dir: str | os.PathLike[str], derived: Derived) -> Plan:
    """The second half of ``prepare``: write the generated headers. Raises ``Unreadable`` when they cannot be made or written."""
    folder = Path(cache_dir).resolve() / "generated"
    made = {build.name: _generate(tree, build, derived.headers[build.name], folder) for build in derived.builds}
    return Plan(tree, derived.builds, {name: path for name, (path, _) in made.items()}, frozenset().union(*(read for _, read in made.values())))


def _generate(tree: Tree, build: Build, headers: dict[str, str], folder: Path) -> tuple[str, frozenset[str]]:
    """The folder, called by what is in it, for several runs may share it; and the files of the tree that were read for it."""
    try:
        with tempfile.TemporaryDirectory(prefix="ptlint-") as first:
            _write(Path(first), headers)
            bounds, read = bounds_header(tree, common_arguments(tree, build.bits, first), first)
        headers = headers | {f"{GENERATED}/bounds.h": bounds}
        made = folder / _digest(tree, headers)
        _write(made, headers)
    except OSError as error:
        raise Unreadable(f"{folder}: the generated headers cannot be written ({error.strerror or error})") from None
    return str(made), frozenset(path for path in read if not path.startswith(first))


def _digest(tree: Tree, headers: dict[str, str]) -> str:
    state = hashlib.blake2b(tree.root.encode("utf-8", "surrogateescape"), digest_size=12)
    for name, text in sorted(headers.items()):
        state.update(f"{name}\0{text}\0".encode())
    return state.hexdigest()


def _write(folder: Path, files: dict[str, str]) -> None:
    """Write what is not there with the same content already: unchanged times keep precompiled headers valid."""
    for name, text in files.items():
        path = folder / name
        data = text.encode()
        if path.exists() and path.read_bytes() == data:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_bytes(data)
        temporary.replace(path)
