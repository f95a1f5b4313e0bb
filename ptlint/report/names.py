"""Variants in words: a set of names as a reader of the tree would say it ("!CONFIG_PARAVIRT, Xen PV")."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from functools import cache

from ptlint import resources
from ptlint.results import VariantInfo

__all__ = ["Names", "listed"]


@cache
def _titles() -> dict[str, str]:
    """What each runtime is called, in the order of ``rules/runtimes.toml``."""
    with (resources.rules() / "runtimes.toml").open("rb") as file:
        return {entry["name"]: entry["title"] for entry in tomllib.load(file)["runtime"]}


def listed(names: Iterable[str]) -> str:
    """The names themselves, nopv first, with a comma between."""
    order = list(_titles())

    def key(name: str) -> tuple[int, str]:
        runtime = name.partition("/")[0]
        return order.index(runtime) if runtime in order else len(order), name

    return ", ".join(sorted(names, key=key))


class Names:
    """What the variants of one result are called."""

    def __init__(self, variants: Iterable[VariantInfo]) -> None:
        self._variants = {variant.name: variant for variant in variants}
        self._titles = _titles()

    def all(self) -> frozenset[str]:
        """All of them."""
        return frozenset(self._variants)

    def first(self, names: Iterable[str]) -> int:
        """Where the first runtime of ``names`` stands in the order of runtimes."""
        order = list(self._titles)
        return min((order.index(self._runtime(name)) if self._runtime(name) in order else len(order) for name in names), default=len(order))

    def phrase(self, names: frozenset[str], among: frozenset[str]) -> str:
        """``names`` in words, where only those of ``among`` are possible.

        Whole runtimes by their titles; what a symbol tells apart by the symbol; what neither tells, by the variants' names.
        """
        whole = [runtime for runtime in self._runtimes(among) if self._of(runtime, among) <= names]
        rest = frozenset(name for name in names if self._runtime(name) not in whole)
        if not rest:
            return self._list(whole)
        return self._by_symbol(names, among) or "; ".join(filter(None, [self._list(whole), self._by_symbol(rest, among) or listed(rest)]))

    def _by_symbol(self, names: frozenset[str], among: frozenset[str]) -> str | None:
        """``CONFIG_X``, or runtimes ``with CONFIG_X``."""
        runtimes = [runtime for runtime in self._runtimes(among) if self._of(runtime, names)]
        here = frozenset(name for name in among if self._runtime(name) in runtimes)
        for title, holds in self._conditions():
            if names == frozenset(filter(holds, among)):
                return title
        for title, holds in self._conditions():
            if names == frozenset(filter(holds, here)):
                return f"{self._list(runtimes)} with {title}"
        return None

    def _conditions(self) -> list[tuple[str, Callable[[str], bool]]]:
        symbols = sorted({symbol for variant in self._variants.values() for symbol in variant.build})

        def on(symbol: str, value: bool) -> Callable[[str], bool]:
            return lambda name: (self._variants[name].build.get(symbol, "n") != "n") is value if name in self._variants else False

        return [(f"{'' if value else '!'}CONFIG_{symbol}", on(symbol, value)) for value in (True, False) for symbol in symbols]

    def _runtime(self, name: str) -> str:
        return self._variants[name].runtime if name in self._variants else name.partition("/")[0]

    def _runtimes(self, names: frozenset[str]) -> list[str]:
        found = {self._runtime(name) for name in names}
        return [*filter(found.__contains__, self._titles), *sorted(found - self._titles.keys())]

    def _of(self, runtime: str, names: frozenset[str]) -> frozenset[str]:
        return frozenset(name for name in names if self._runtime(name) == runtime)

    def _list(self, runtimes: list[str]) -> str:
        return ", ".join(self._titles.get(runtime, runtime) for runtime in runtimes)
