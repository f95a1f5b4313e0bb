"""The values that the build stage hands on: configurations, builds and the compile command of a unit."""

from __future__ import annotations

import msgspec

__all__ = ["Build", "Command"]


class Command(msgspec.Struct, frozen=True):
    """How one file is parsed in one build.

    ``arguments`` are libclang's, complete but for the file; relative ``-I`` and ``-include`` are below the tree's root, and
    absolute ones below ``generated`` of the build.
    """

    file: str
    arguments: tuple[str, ...]


class Build(msgspec.Struct, frozen=True):
    """One configuration of the tree that is looked at.

    ``name`` is what sets it apart (``nopv``, ``pv``, ``pv/no-pt-reclaim``, ``nopv/pae``, ``config:NAME``). ``symbols`` are the Kconfig
    symbols with their values (``y``, ``m``, a string or a number as Kconfig writes it); unset ones are left out. ``runtimes`` are those
    that this build can run as: ``nopv`` alone, or ``native`` with the guests that are built in, each with a word that its variants
    append (``pae``, ``no-pt-reclaim``), joined by ``/``. ``units`` are the C files that its Makefiles compile. ``same_as``
    names the builds that were merged into this one because they give the same program. ``modules`` are those of ``units`` that
    become modules. ``absent`` are files that its Makefiles name and the tree does not have. ``passed_by`` are Makefiles of folders that
    matter, and that no build of the tree enters.
    """

    name: str
    symbols: dict[str, str]
    runtimes: tuple[str, ...]
    suffix: str
    units: frozenset[str]
    same_as: tuple[str, ...] = ()
    modules: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    passed_by: frozenset[str] = frozenset()

    @property
    def bits(self) -> int:
        """32 or 64."""
        return 64 if self.symbols.get("X86_64") == "y" else 32

    def variant(self, runtime: str) -> str:
        """The variant's name: the runtime, and what sets the build apart (``native/no-pt-reclaim``)."""
        return f"{runtime}/{self.suffix}" if self.suffix else runtime
