"""Kconfig, read with kconfiglib and with nothing of it run.

kconfiglib looks at the process's environment, at a module of the user's (``KCONFIG_FUNCTIONS``), at the file system, and runs ``$(shell,…)``.
So each tree is parsed by a private copy of that module in which all of this is replaced: files come from the ``Tree``, the environment is
a table, commands are answered from ``rules/build.toml``. Nothing of the process is changed.
"""

from __future__ import annotations

import fnmatch
import importlib.util
import io
import os
import re
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

from ptlint.build.answers import Rules, answer
from ptlint.errors import Unreadable, UsageError
from ptlint.tree import Tree

__all__ = ["Configuration", "parse"]

_ROOT = "/ptlint-tree"
_MODULES = re.compile(r"^\s*modules\s*(#.*)?$")
_TRANSITIONAL = re.compile(r"^\s*transitional\s*(#.*)?$")
_ENVIRONMENT = {
    "ARCH": "x86", "SRCARCH": "x86", "CC": "clang", "LD": "ld.lld", "AR": "llvm-ar", "NM": "llvm-nm", "OBJCOPY": "llvm-objcopy",
    "HOSTCC": "clang", "HOSTCXX": "clang++", "RUSTC": "rustc", "BINDGEN": "bindgen", "PAHOLE": "pahole", "PYTHON3": "python3",
    "CLANG_FLAGS": "", "CC_VERSION_TEXT": "clang version 18.1.1", "PAHOLE_VERSION": "0", "RUSTC_VERSION_TEXT": "", "srctree": _ROOT,
    "objtree": _ROOT, "KERNEL_HDR": "", "CONFIG_SHELL": "sh",
}  # fmt: skip


def _globber(tree: Tree) -> Callable[[str], Iterator[str]]:
    def glob(pattern: str) -> Iterator[str]:
        name = pattern.removeprefix(_ROOT + "/")
        if not any(letter in name for letter in "*?["):
            return iter([f"{_ROOT}/{name}"] if tree.exists(name) and not tree.is_dir(name) else [])
        head = name[: min(name.index(letter) for letter in "*?[" if letter in name)].rpartition("/")[0]
        depth = name.count("/")
        found = [path for path in tree.files(head) if path.count("/") == depth and fnmatch.fnmatchcase(path, name)]
        return iter([f"{_ROOT}/{path}" for path in found])

    return glob


def _no_module(name: str) -> ModuleType:
    raise ImportError(name)


def _private_kconfiglib(tree: Tree, rules: Rules, environment: Mapping[str, str]) -> Any:
    spec = importlib.util.find_spec("kconfiglib")
    if spec is None or spec.loader is None:
        raise Unreadable("kconfiglib is not installed; install ptlint's dependencies")
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.os = SimpleNamespace(environ=environment, getenv=environment.get, sep="/", path=os.path, name="posix")
    module.importlib = SimpleNamespace(import_module=_no_module)
    module.iglob = _globber(tree)
    module.expandvars = str
    module.realpath = str
    module._UNAME_RELEASE = ""
    module._shell_fn = lambda _kconf, _name, command: answer(rules, command)
    module._info_fn = lambda _kconf, _name, _message: ""
    # A tree's complaints about the toolchain (scripts/Kconfig.include) are no errors of its reader: nothing is built with one.
    module._error_if_fn = module._warning_if_fn = lambda _kconf, _name, _condition, _message: ""
    return module


def _parser(library: Any, tree: Tree) -> Any:
    class Parser(library.Kconfig):  # type: ignore[misc]
        """kconfiglib's parser with the syntax of current trees."""

        def _open(self, filename: str, mode: str) -> io.StringIO:
            data = tree.read(filename.removeprefix(_ROOT + "/"))
            if data is None:
                raise FileNotFoundError(2, "no such file in the tree", filename)
            return io.StringIO(data.decode("utf-8", "replace"))

        def _tokenize(self, s: str) -> Any:
            if "modules" in s and _MODULES.match(s):
                s = "\toption modules\n"
            elif "transitional" in s and _TRANSITIONAL.match(s):
                return (None,)
            return super()._tokenize(s)

        def _expect_expr_and_eol(self) -> Any:
            expr = self._parse_expr(True)
            if self._check_token(library._T_IF):
                expr = self._make_or(expr, (library.NOT, self._parse_expr(True)))
            if self._tokens[self._tokens_i] is not None:
                self._trailing_tokens_error()
            return expr

        def _expand_name(self, s: str, i: int) -> tuple[str, str, int]:
            # A command of which nothing is known stands for n where an expression is expected.
            s, end = self._expand_name_iter(s, i)
            name = s[i:end].strip() and s[i:end]
            while end < len(s) and s[end].isspace():
                end += 1
            return name or "n", s, end

        def _parse_error(self, msg: str) -> None:
            raise library.KconfigError(f"{self.filename}:{self.linenr}: {msg} in {self._line.strip()!r}")

    return Parser


class Configuration:
    """One parsed Kconfig, and the values that its symbols have at the moment.

    ``load`` starts from the lines of a configuration file, ``set`` gives symbols a value as far as Kconfig lets it, ``values`` reads
    the outcome. One parse serves any number of configurations, 32-bit ones too.
    """

    def __init__(self, library: Any, kconfig: Any) -> None:
        """``library`` is the private kconfiglib that parsed ``kconfig``. Use ``parse``."""
        self._library = library
        self._kconfig = kconfig

    @property
    def library(self) -> Any:
        """The private kconfiglib (constants of expressions)."""
        return self._library

    def symbol(self, name: str) -> Any | None:
        """kconfiglib's symbol, None when no Kconfig file defines it."""
        found = self._kconfig.syms.get(name)
        return found if found is not None and found.nodes else None

    def symbols(self) -> list[Any]:
        """Every symbol that is defined, in the order of the files."""
        return list(self._kconfig.unique_defined_syms)

    def load(self, text: str) -> None:
        """Forget all values and take those of ``text``, the lines of a ``.config`` or defconfig."""
        self._kconfig.unset_values()
        for line in text.splitlines():
            name, _, value = line.strip().partition("=")
            if name.startswith("# CONFIG_") and name.endswith(" is not set"):
                name, value = name[2 : -len(" is not set")], "n"
            if name.startswith("CONFIG_"):
                self._assign(name.removeprefix("CONFIG_"), value)

    def _assign(self, name: str, value: str) -> None:
        symbol = self.symbol(name)
        if symbol is None:
            return
        if symbol.orig_type in (self._library.BOOL, self._library.TRISTATE):
            if value[:1] in ("y", "n") or (value[:1] == "m" and symbol.orig_type == self._library.TRISTATE):
                if symbol.choice is not None and value[:1] != "n":
                    symbol.choice.set_value(value[:1])
                symbol.set_value(value[:1])
        elif symbol.orig_type == self._library.STRING:
            symbol.set_value(self._library.unescape(value[1:-1]) if len(value) > 1 and value[0] == value[-1] == '"' else value)
        elif value:
            symbol.set_value(value)

    def set(self, name: str, value: str) -> bool:
        """Ask for ``value``; whether the symbol has it now. Kconfig's own rules decide."""
        symbol = self.symbol(name)
        if symbol is None:
            return value == "n"
        self._assign(name, value)
        return bool(symbol.str_value == value)

    def value(self, name: str) -> str:
        """The value of one symbol, ``n`` when it has none."""
        symbol = self.symbol(name)
        return str(symbol.str_value) if symbol is not None else "n"

    def values(self) -> dict[str, str]:
        """All symbols that have a value, as Kconfig writes them (strings in quotes), by name; ``n`` is left out."""
        found: dict[str, str] = {}
        library = self._library
        for symbol in self._kconfig.unique_defined_syms:
            value = symbol.str_value
            if symbol.orig_type in (library.BOOL, library.TRISTATE):
                if value != "n":
                    found[symbol.name] = value
            elif symbol._write_to_conf:
                if symbol.orig_type == library.STRING:
                    found[symbol.name] = f'"{library.escape(value)}"'
                elif value:
                    found[symbol.name] = value
        return dict(sorted(found.items()))


def parse(tree: Tree, rules: Rules) -> Configuration:
    """Read the Kconfig files of ``tree``.

    Raises ``UsageError`` when they cannot be read: a file is missing, or its syntax is not understood.
    """
    environment = _ENVIRONMENT | {"KERNELVERSION": tree.version}
    library = _private_kconfiglib(tree, rules, environment)
    try:
        kconfig = _parser(library, tree)("Kconfig", warn=False, warn_to_stderr=False)
    except (library.KconfigError, OSError, RecursionError) as error:
        text = " ".join(str(error).split())
        raise UsageError(f"{tree.root}: the Kconfig files cannot be read: {text}") from None
    return Configuration(library, kconfig)
