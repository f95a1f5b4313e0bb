"""Other names, as long as the old ones, for the static functions of a kernel's memory management, and for their local variables."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

__all__ = ["rename"]

_WORD = re.compile(r"[A-Za-z_]\w*")
_CODE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:\\\n|[^\n])*', re.DOTALL | re.MULTILINE)
_HEAD = re.compile(r"(\w+)\(([^;{}#]*)\)[ \t]*\n\Z")
_LOCAL = re.compile(
    r"\b(?:struct\s+\w+|\w+_t|unsigned(?:\s+(?:long|int|char))?|int|long|bool|u8|u16|u32|u64|void|char)\s*(?:\*|\bconst\b|\s)*\b(\w+)\s*(?=[=;,\[)]|$)"
)
_OTHER = re.compile(r"(?:\b(?:struct|union|enum|goto)\s+|\.|->)\s*(\w+)")
_KEYWORDS = {"int", "long", "char", "short", "unsigned", "signed", "void", "bool", "const", "volatile", "static", "return", "sizeof"}
_LETTERS = "qzxjkvwy"


def _functions(code: str) -> Iterator[tuple[str, bool, tuple[int, int], tuple[int, int]]]:
    """(name, whether it is static, where its parameters are, where its body is) of each function whose braces stand in the first column."""
    for opened in re.finditer(r"^\{\n", code, re.MULTILINE):
        start = max(code.rfind(mark, 0, opened.start()) for mark in (";", "}", "{")) + 1
        head = _HEAD.search(code, start, opened.start())
        end = code.find("\n}", opened.end() - 1)
        if head is not None and end >= 0 and not head[1].isupper() and not head[1].startswith(("SYSCALL", "COMPAT")):
            static = re.search(r"\bstatic\b", code[start : head.start()]) is not None
            yield head[1], static, head.span(2), (opened.end(), end)


def _code(text: str) -> str:
    """The text with comments, strings and directives blanked, nothing moved."""
    return _CODE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _words(length: int, *used: set[str]) -> Iterator[str]:
    for letters in itertools.product(_LETTERS, repeat=length):
        word = "".join(letters)
        if not any(word in some for some in used):
            yield word


class _Names:
    """New names, each used once in a tree."""

    def __init__(self, used: set[str]) -> None:
        self._used = set(used)
        self.back: dict[str, str] = {}

    def of(self, name: str) -> str:
        """A name of the same length; the name itself where there is none left."""
        length = len(name)
        head = name[: max(0, length - 9)]
        head = re.sub(r"[a-z]", "z", head)
        new = next((head + tail for tail in _words(min(length, 9)) if head + tail not in self._used), name)
        self._used.add(new)
        self.back[new] = name
        return new


def _replace(text: str, code: str, names: dict[str, str], start: int, end: int) -> str:
    """Put names for others in a part of a text, but for members."""
    out, at = [], start
    for found in _WORD.finditer(code, start, end):
        if found[0] in names and not re.search(r"(?:\.|->)\s*$", code[max(start, found.start() - 8) : found.start()]):
            out += [text[at : found.start()], names[found[0]]]
            at = found.end()
    return text[:start] + "".join(out) + text[at:]


def rename(root: Path, files: Iterable[str], known: set[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Rename in ``files`` of a tree: the new texts by file, and the old names of static functions by the new ones.

    ``known`` are words that mean something by themselves: those of the rules. A name that a header or a directive has stays: it may be
    more than one thing.
    """
    headers = {word for path in root.glob("include/**/*.h") for word in _WORD.findall(path.read_text(errors="replace"))}
    headers |= {word for path in root.glob("arch/x86/**/*.h") for word in _WORD.findall(path.read_text(errors="replace"))}
    headers |= {word for path in root.glob("mm/*.h") for word in _WORD.findall(path.read_text(errors="replace"))}
    texts = {file: (root / file).read_text() for file in files}
    names = _Names(headers.union(*(set(_WORD.findall(text)) for text in texts.values())))
    changed: dict[str, str] = {}
    for file, text in texts.items():
        code = _code(text)
        directives = {word for line in re.findall(r"^[ \t]*#(?:\\\n|[^\n])*", text, re.MULTILINE) for word in _WORD.findall(line)}
        # A word that is a tag or a member, too, is more than one thing.
        kept = known | directives | _KEYWORDS | set(_OTHER.findall(code))
        functions = list(_functions(code))
        count = Counter(_WORD.findall(code))
        # What stands there once is put together by a macro where it is used.
        own = [name for name, static, _, _ in functions if static and count[name] > 1 and name not in kept and name not in headers]
        statics = {name: names.of(name) for name in dict.fromkeys(own)}
        text = _replace(text, code, statics, 0, len(code))
        for _, _, head, body in functions:
            inside = set(_WORD.findall(code, head[0], body[1]))
            found = dict.fromkeys([*_LOCAL.findall(code, *head), *_LOCAL.findall(code, *body)])
            spare = {length: _words(length, inside, kept, headers) for length in (1, 2, 3)}
            locals_: dict[str, str] = {}
            for name in found:
                new = next(spare[min(len(name), 3)], None)
                if new is not None and name not in kept and name not in statics:
                    locals_[name] = new + "q" * (len(name) - len(new))
            text = _replace(text, code, locals_, *head)
            text = _replace(text, code, locals_, *body)
        changed[file] = text
    return changed, names.back
