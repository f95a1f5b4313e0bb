"""Which C files a configuration compiles: a reader of the kernel's Makefiles.

Understood are assignments, conditionals, composite objects (``x-objs``, ``x-y``), subdirectories, and the functions that lists of objects
are made with. ``$(shell …)`` and all else stands for nothing. One reader serves all builds of a tree: files are read once.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from ptlint.build.answers import Folder
from ptlint.build.expand import expand
from ptlint.tree import Tree

__all__ = ["Makefiles", "Units"]

_NAME = r"(?P<name>(?:\$\((?:[^()]|\([^()]*\))*\)|[^\s:#=+?$])+)"
_ASSIGN = re.compile(rf"^\s*(?:export\s+|override\s+)*{_NAME}\s*(?P<how>\+=|::?:?=|\?=|=)\s*(?P<value>.*)$")
_CONDITION = re.compile(r"^\s*(?P<else>else\s+)?(?P<word>ifeq|ifneq|ifdef|ifndef)\b\s*(?P<rest>.*)$")
_INCLUDE = re.compile(r"^\s*-?include\s+(?P<path>.*)$")
_COMMENT = re.compile(r"(?<!\\)#.*$")
_PAIR = re.compile(r"""^\(\s*(.*?)\s*,\s*(.*?)\s*\)\s*$|^"(.*)"\s+"(.*)"\s*$|^'(.*)'\s+'(.*)'\s*$""")
_MODULE = ("m",)
_TOP = ("init-y", "core-y", "core-m", "drivers-y", "drivers-m", "net-y", "libs-y", "libs-m", "virt-y")

Units = tuple[frozenset[str], frozenset[str]]


class _Variables:
    """What one Makefile has assigned."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.values = dict(given)

    def expand(self, text: str) -> str:
        return expand(text, self.values)

    def assign(self, name: str, how: str, value: str) -> None:
        if how == "=":
            self.values[name] = value
        elif how == "+=":
            self.values[name] = f"{self.values.get(name, '')} {self.expand(value)}".strip()
        elif how != "?=" or name not in self.values:
            self.values[name] = self.expand(value)


class Makefiles:
    """The Makefiles of one tree."""

    def __init__(self, tree: Tree, folders: Sequence[Folder] = ()) -> None:
        """``tree`` is where they are read from; ``folders`` are those to enter in a tree of which only a part is there."""
        self._tree = tree
        self._folders = tuple(folders)
        self._lines: dict[str, tuple[str, ...]] = {}
        self._exists: dict[str, bool] = {}
        self.absent: set[str] = set()
        self.entered: set[str] = set()

    def units(self, symbols: Mapping[str, str]) -> Units:
        """The C files that are compiled with these values of symbols, and those among them that become modules."""
        self.absent.clear()
        given = {f"CONFIG_{name}": value for name, value in symbols.items()}
        bits = "64" if symbols.get("X86_64") == "y" else "32"
        given |= {"BITS": bits, "ARCH": "x86", "SRCARCH": "x86", "srctree": ".", "objtree": ".", "UTS_MACHINE": "x86_64" if bits == "64" else "i386"}
        base = f"arch/x86/configs/{'x86_64' if bits == '64' else 'i386'}_defconfig"
        if not self._read(base):
            self.absent.add(base)
        arch = self._evaluate("arch/x86", "arch/x86/Makefile", given)
        given |= {
            "ARCH_CORE": arch.get("core-y", ""),
            "ARCH_LIB": "lib/ " + arch.get("libs-y", ""),
            "ARCH_DRIVERS": f"{arch.get('drivers-y', '')} {arch.get('drivers-m', '')}",
        }
        built: set[str] = set()
        modules: set[str] = set()
        seen: set[str] = set()
        self._descend("", given, built, modules, False, seen)
        # Until 5.17 the top Makefile names the folders, and Kbuild none.
        top = self._evaluate("", "Makefile", given)
        for word in " ".join(expand(top.get(name, ""), top) for name in _TOP).split():
            if word.endswith("/"):
                self._descend(posixpath.normpath(word), given, built, modules, False, seen)
        for extra in self._folders:
            if not self._is_file(extra.parent) and (extra.symbol is None or extra.symbol in symbols):
                self._descend(extra.path, given, built, modules, False, seen)
        if not built:
            for folder in ("mm", "kernel", "arch/x86"):
                self._descend(folder, given, built, modules, False, seen)
        self.entered |= seen
        return frozenset(built | modules), frozenset(modules - built)

    def passed_by(self, folders: Sequence[str]) -> frozenset[str]:
        """The Makefiles of those of ``folders`` that none of the configurations asked for so far has entered."""
        return frozenset(name for folder in folders if folder not in self.entered for name in self._candidates(folder) if self._is_file(name))

    def _descend(self, folder: str, given: Mapping[str, str], built: set[str], modules: set[str], module: bool, seen: set[str]) -> None:
        if folder in seen:
            return
        seen.add(folder)
        name = next((name for name in self._candidates(folder) if self._is_file(name)), None)
        if name is None or not self._read(name):
            self.absent.add(name or f"{folder}/Makefile")
            return
        values = self._evaluate(folder, name, given)
        for kind in ("obj-y", "lib-y", "obj-m", "lib-m"):
            as_module = module or kind.endswith(_MODULE)
            for word in expand(values.get(kind, ""), values).split():
                path = posixpath.normpath(posixpath.join(folder, word))
                if word.endswith("/"):
                    self._descend(path, given, built, modules, as_module, seen)
                elif word.endswith(".o"):
                    self._object(folder, word, values, modules if as_module else built, 0)

    def _candidates(self, folder: str) -> list[str]:
        head = f"{folder}/" if folder else ""
        return [f"{head}Kbuild", f"{head}Makefile"] if folder else ["Kbuild"]

    def _object(self, folder: str, word: str, values: Mapping[str, str], found: set[str], depth: int) -> None:
        stem = word.removesuffix(".o")
        lists = [values[key] for key in (f"{stem}-objs", f"{stem}-y", f"{stem}-m") if key in values]
        if lists and depth < 5:
            for member in expand(" ".join(lists), values).split():
                if member.endswith(".o") and member != word:
                    self._object(folder, member, values, found, depth + 1)
                elif member == word:
                    self._source(folder, stem, found)
            return
        self._source(folder, stem, found)

    def _source(self, folder: str, stem: str, found: set[str]) -> None:
        path = posixpath.normpath(posixpath.join(folder, stem + ".c"))
        if self._is_file(path):
            found.add(path)
        elif not self._is_file(path.removesuffix(".c") + ".S"):
            self.absent.add(path)

    def _is_file(self, path: str) -> bool:
        if path not in self._exists:
            self._exists[path] = self._tree.exists(path) and not self._tree.is_dir(path)
        return self._exists[path]

    def _read(self, path: str) -> tuple[str, ...]:
        if path not in self._lines:
            text = (self._tree.read(path) or b"").decode("utf-8", "replace").replace("\\\n", " ")
            self._lines[path] = tuple(line for line in (_COMMENT.sub("", line) for line in text.splitlines()) if line.strip())
        return self._lines[path]

    def _evaluate(self, folder: str, name: str, given: Mapping[str, str]) -> dict[str, str]:
        variables = _Variables(given)
        variables.values |= {"src": folder or ".", "obj": folder or "."}
        self._run(name, variables, 0)
        return variables.values

    def _run(self, name: str, variables: _Variables, depth: int) -> None:
        # Each open conditional is (taken now, some branch was taken already, the surroundings are taken).
        stack: list[tuple[bool, bool, bool]] = []
        defining = recipe = False
        for line in self._read(name):
            word = line.split(None, 1)[0]
            if word in ("define", "endef"):
                defining = word == "define"
            elif defining:
                continue
            elif word in ("ifeq", "ifneq", "ifdef", "ifndef", "else", "endif"):
                _branch(stack, line, word, variables)
            elif (stack and not stack[-1][0]) or (recipe and line.startswith("\t")):
                continue
            elif match := _ASSIGN.match(line):
                variables.assign(variables.expand(match["name"]), match["how"], match["value"].strip())
                recipe = False
            elif (match := _INCLUDE.match(line)) and depth < 5:
                for path in variables.expand(match["path"]).split():
                    self._run(posixpath.normpath(path), variables, depth + 1)
            else:
                recipe = ":" in line


def _branch(stack: list[tuple[bool, bool, bool]], line: str, word: str, variables: _Variables) -> None:
    if word == "endif":
        if stack:
            stack.pop()
        return
    match = _CONDITION.match(line)
    if word == "else":
        if stack:
            _, done, around = stack[-1]
            now = around and not done and (match is None or _holds(match["word"], match["rest"], variables))
            stack[-1] = (now, done or now, around)
        return
    around = not stack or stack[-1][0]
    now = around and match is not None and _holds(match["word"], match["rest"], variables)
    stack.append((now, now, around))


def _holds(word: str, rest: str, variables: _Variables) -> bool:
    if word in ("ifdef", "ifndef"):
        return (variables.values.get(variables.expand(rest).strip(), "") != "") == (word == "ifdef")
    expanded = variables.expand(rest.strip())
    match = _PAIR.match(expanded)
    if match is None:
        return False
    left, right = next((pair for pair in ((match[1], match[2]), (match[3], match[4]), (match[5], match[6])) if pair[0] is not None), ("", ""))
    return (left == right) == (word == "ifeq")
