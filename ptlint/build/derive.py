"""Which configurations of a tree are looked at, derived from its Kconfig and its defconfigs."""

from __future__ import annotations

import itertools
import os
import posixpath
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

import msgspec

from ptlint import resources
from ptlint.build.answers import Gate, Rules, load_rules
from ptlint.build.kconfig import Configuration
from ptlint.build.makefiles import Makefiles
from ptlint.build.model import Build
from ptlint.build.solver import Solver
from ptlint.errors import Unreadable, UsageError
from ptlint.tree import Tree

__all__ = ["derive_builds", "not_covered"]

_MAX_AXES = 3


class _Runtime(msgspec.Struct, frozen=True):
    name: str
    symbol: str | None = None
    without: str | None = None


class _Runtimes(msgspec.Struct, frozen=True):
    runtime: tuple[_Runtime, ...]


class _Wish(msgspec.Struct, frozen=True):
    """A build that is asked for, before Kconfig has had its say."""

    pv: bool
    bits: int
    without: tuple[str, ...]

    @property
    def suffix(self) -> str:
        words = (["pae"] if self.bits == 32 else []) + [f"no-{name.lower().replace('_', '-')}" for name in self.without]
        return "/".join(words)

    @property
    def name(self) -> str:
        return "/".join(word for word in ("pv" if self.pv else "nopv", self.suffix) if word)


def derive_builds(
    tree: Tree,
    kconfig: Configuration,
    gates: Iterable[str] = (),
    user_config: Path | None = None,
    rules: Rules | None = None,
    switches: Iterable[str] = (),
) -> list[Build]:
    """The builds of ``tree``: ``nopv``, ``pv``, ``nopv/pae``, and each with every other value of what selects how tables are freed.

    ``gates`` are symbols (with or without ``CONFIG_``) that guard code which frees or reaches tables; they are switched on beside those of
    ``rules/build.toml``. ``switches`` are symbols that change what such code does: one that ``rules/build.toml`` does not know is switched off,
    too, alone, in the builds for 64 bits. ``user_config`` is a ``.config``, which gives one more build. Builds that come out the same are merged.
    Raises ``UsageError`` when ``user_config`` cannot be read.
    """
    rules = rules or load_rules()
    wanted = [*_names(rules.gate), *(name.removeprefix("CONFIG_") for name in gates)]
    makefiles = Makefiles(tree, rules.folder)
    runtimes = _runtimes()
    deciding = _deciding(kconfig, rules)
    unknown = {symbol for name in set(switches) - _known(rules) if (symbol := kconfig.symbol(name)) is not None}
    found: list[Build] = []
    for pv, bits in ((False, 64), (True, 64), (False, 32)):
        plain = _Wish(pv, bits, ())
        _apply(tree, kconfig, rules, plain, wanted)
        if bits == 32 and kconfig.value("X86_PAE") != "y" and kconfig.symbol("X86_PAE") is not None:
            continue
        if bits == 32 and kconfig.symbol("64BIT") is None:
            continue
        if pv and not any(kconfig.value(name) == "y" for name in rules.paravirt.symbols):
            continue
        chosen = _free(deciding, kconfig, rules)[:_MAX_AXES]
        alone = [name for name in _free(unknown, kconfig, rules) if name not in chosen and bits == 64]
        found.append(_build(plain.name, plain.suffix, kconfig, makefiles, runtimes, rules))
        several = (without for number in range(1, len(chosen) + 1) for without in itertools.combinations(chosen, number))
        for without in itertools.chain(several, ((name,) for name in alone)):
            wish = _Wish(pv, bits, without)
            _apply(tree, kconfig, rules, wish, wanted)
            found.append(_build(wish.name, wish.suffix, kconfig, makefiles, runtimes, rules))
    if user_config is not None:
        kconfig.load(_read(user_config))
        found.append(_build(f"config:{user_config.name}", f"config:{user_config.name}", kconfig, makefiles, runtimes, rules))
    passed_by = makefiles.passed_by(rules.needed.folders)
    return [msgspec.structs.replace(build, passed_by=passed_by) for build in _merge(found)]


def _known(rules: Rules) -> frozenset[str]:
    """The symbols that the rules have a word for."""
    gates = (*rules.gate, *rules.off, *rules.guests, *rules.pae)
    return frozenset((*_names(gates), *rules.paravirt.symbols, *rules.batch.symbols))


def _deciding(kconfig: Configuration, rules: Rules) -> frozenset[Any]:
    """The symbols that decide with others whether the deferred batch of tables is there, whatever values they have.

    That is what selects the batch's symbol (or is in the condition of a ``select``), what it depends on, and what depends on it.
    """
    library = kconfig.library
    batches = {name for name in rules.batch.symbols if kconfig.symbol(name) is not None}
    deciding: list[Any] = []
    for symbol in kconfig.symbols():
        for selected, condition in symbol.orig_selects:
            if selected.name in batches:
                deciding += [symbol, *library.expr_items(condition)]
        if symbol.name in batches:
            deciding += library.expr_items(symbol.direct_dep)
        elif any(getattr(item, "name", None) in batches for item in library.expr_items(symbol.direct_dep)):
            deciding.append(symbol)
    return frozenset(deciding)


def _free(deciding: AbstractSet[Any], kconfig: Configuration, rules: Rules) -> tuple[str, ...]:
    library = kconfig.library
    apart = {*rules.paravirt.symbols, *_names(rules.guests), *_names(rules.pae)}
    names = sorted(
        symbol.name
        for symbol in deciding
        if isinstance(symbol, library.Symbol) and symbol.nodes and symbol.name not in apart and symbol.tri_value == 2 and 0 in symbol.assignable
    )
    return tuple(names)


def not_covered(builds: Sequence[Build], symbols: Iterable[str]) -> list[str]:
    """Those of ``symbols`` (with or without ``CONFIG_``) that have no value in any of ``builds``, sorted."""
    return sorted({name for name in symbols if not any(name.removeprefix("CONFIG_") in build.symbols for build in builds)})


def _names(gates: Iterable[Gate]) -> list[str]:
    return [name for gate in gates for name in gate.symbols]


def _runtimes() -> tuple[_Runtime, ...]:
    path = resources.rules() / "runtimes.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=_Runtimes).runtime
    except (msgspec.MsgspecError, OSError) as error:
        raise Unreadable(f"{path}: {error}") from None


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError as error:
        raise UsageError(f"{os.fspath(path)}: {error.strerror or error}; give the .config of your own build") from None


def _defconfig(tree: Tree, bits: int) -> str:
    name = "x86_64_defconfig" if bits == 64 else "i386_defconfig"
    text = (tree.read(f"arch/x86/configs/{name}") or b"").decode("utf-8", "replace")
    first = "CONFIG_64BIT=y\n" if bits == 64 else "# CONFIG_64BIT is not set\n"
    return first + text


def _apply(tree: Tree, kconfig: Configuration, rules: Rules, wish: _Wish, wanted: Sequence[str]) -> None:
    kconfig.load(_defconfig(tree, wish.bits))
    solver = Solver(kconfig)
    if wish.bits == 32:
        solver.off(["64BIT"])
        solver.on(_names(rules.pae))
    else:
        solver.on(["64BIT"])
    solver.off([*_names(rules.off), *wish.without])
    if wish.pv:
        solver.on([*rules.paravirt.symbols, *_names(rules.guests)])
    else:
        solver.off(rules.paravirt.symbols)
    solver.on(wanted)


def _build(name: str, suffix: str, kconfig: Configuration, makefiles: Makefiles, runtimes: Sequence[_Runtime], rules: Rules) -> Build:
    symbols = kconfig.values()
    units, modules = makefiles.units(symbols)
    switch = next((runtime.without for runtime in runtimes if runtime.without), None)
    if switch is not None and symbols.get(switch) != "y":
        names = tuple(runtime.name for runtime in runtimes if runtime.without)
    else:
        guests = [runtime for runtime in runtimes if not runtime.without]
        names = tuple(guest.name for guest in guests if guest.symbol is None or guest.symbol in symbols)
    return Build(name=name, symbols=symbols, runtimes=names, suffix=suffix, units=units, modules=modules, absent=_needed(makefiles.absent, rules))


def _needed(absent: set[str], rules: Rules) -> frozenset[str]:
    """Of the files that are not there, those in folders where that matters; elsewhere some are made by a build."""
    return frozenset(path for path in absent if posixpath.dirname(path) in rules.needed.folders)


def _merge(builds: Sequence[Build]) -> list[Build]:
    merged: list[Build] = []
    for build in builds:
        for number, other in enumerate(merged):
            if other.symbols == build.symbols and other.units == build.units:
                merged[number] = msgspec.structs.replace(other, same_as=(*other.same_as, build.name))
                break
        else:
            merged.append(build)
    return merged
