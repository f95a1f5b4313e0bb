"""Taking C text apart without a compiler: functions, macros, initialisers, and the conditionals around them.

Comments and strings are blanked first, byte for byte, so that offsets and lines stay. Braces are counted over all branches of a conditional
with the count of its first branch kept, and a brace in the first column always begins or ends a function: what a macro does to the
syntax loses that one function's neighbours at most, never the rest of the file.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterator

import msgspec

__all__ = ["Definition", "Guard", "Parts", "blank", "closing", "line_of", "lines", "split"]

_NOISE = re.compile(rb"/\*.*?\*/|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)+'", re.DOTALL)
_NO_NEWLINE = re.compile(rb"[^\n]")
_DIRECTIVE = re.compile(rb"^[ \t]*#[ \t]*(\w+)((?:[^\n\\]|\\.)*)", re.MULTILINE | re.DOTALL)
_STEP = re.compile(rb"[{};]|" + _DIRECTIVE.pattern, re.MULTILINE | re.DOTALL)
_PARENTHESIS = re.compile(rb"[()]")
_SEMICOLON, _OPEN, _CLOSE, _NEWLINE = b";{}\n"
_DEFINE = re.compile(rb"[ \t]*(\w+)(\([^)\n]*\))?")
_CALLED = re.compile(rb"([A-Za-z_]\w*)[ \t\n]*\(")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_SYMBOL = re.compile(rb"(!?)[ \t]*(?:defined[ \t]*\(?|IS_ENABLED\(|IS_BUILTIN\(|IS_MODULE\(|IS_REACHABLE\()?[ \t]*CONFIG_(\w+)\)?[ \t]*([<>=!]=?)?")
_KEYWORDS = frozenset(
    b"if while for switch return sizeof typeof __typeof__ __attribute__ do else struct union enum void int char long unsigned signed static const"
    b" inline asm __asm__".split()
)
_CONDITIONALS = frozenset((b"if", b"ifdef", b"ifndef"))


class Guard(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A symbol that a conditional asks for. ``positive``: the code is there when it is on."""

    symbol: str
    positive: bool
    offset: int


class Definition(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A function or a macro: ``text[start:end]``, whose body begins at ``body``; ``names`` are all that it may be called."""

    names: tuple[str, ...]
    start: int
    body: int
    end: int
    guards: tuple[Guard, ...]
    macro: bool = False
    generated: bool = False


class Parts(msgspec.Struct, frozen=True, array_like=True):
    """What a file is made of: its text, blanked, its definitions in the order of their ends, all symbols that conditionals ask for, and
    whether the braces came out even.
    """

    text: bytes
    definitions: tuple[Definition, ...]
    guards: tuple[Guard, ...]
    even: bool

    def line(self, offset: int) -> int:
        """The line of an offset, from 1."""
        return self.text.count(b"\n", 0, offset) + 1


def blank(text: bytes) -> bytes:
    """``text`` with comments, strings and characters replaced by blanks; every newline stays."""
    return _NOISE.sub(_blank, text)


def _blank(match: re.Match[bytes]) -> bytes:
    found = match[0]
    if b"\n" not in found:
        return b" " * len(found)
    return _NO_NEWLINE.sub(b" ", found)


def _guards(word: bytes, rest: bytes, offset: int) -> tuple[Guard, ...]:
    if b"CONFIG_" not in rest:
        return ()
    found = []
    for match in _SYMBOL.finditer(rest):
        if not match[3]:
            found.append(Guard(match[2].decode(), (match[1] == b"!") == (word == b"ifndef"), offset))
    return tuple(found)


def _names(head: bytes) -> tuple[tuple[str, ...], bool]:
    """The names in a function's head: its own, or what a macro that makes functions is given."""
    candidates = [(match[1], match.start(), match.end()) for match in _top_calls(head)]
    for number, (name, _, end) in enumerate(candidates):
        close = closing(head, end - 1)
        following = candidates[number + 1][1] if number + 1 < len(candidates) else len(head)
        if number + 1 < len(candidates) and _WORD.search(head[close + 1 : following]):
            continue
        if name.isupper() or (name.decode().upper().rstrip("0123456789") == name.decode().rstrip("0123456789")):
            first = head[end:close].partition(b",")[0].strip()
            return ((first.decode(),), True) if _WORD.fullmatch(first) and first not in _KEYWORDS else ((), False)
        return (name.decode(),), False
    return (), False


def _top_calls(head: bytes) -> Iterator[re.Match[bytes]]:
    position = 0
    while match := _CALLED.search(head, position):
        position = closing(head, match.end() - 1) + 1
        if match[1] not in _KEYWORDS:
            yield match


def closing(text: bytes, opening: int) -> int:
    """The offset of the parenthesis that ends the one at ``opening``; the end of the text when there is none."""
    depth = 0
    for match in _PARENTHESIS.finditer(text, opening):
        depth += 1 if match[0] == b"(" else -1
        if not depth:
            return match.start()
    return len(text)


class _Splitter:
    """One pass over a file's text."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.definitions: list[Definition] = []
        self.guards: list[Guard] = []
        self.even = True
        # Each open conditional: its guards, and the depth of braces at its start.
        self._stack: list[tuple[tuple[Guard, ...], int]] = []

    def run(self) -> None:
        """Find all definitions."""
        text = self.text
        position = depth = start = opened = 0
        while match := _STEP.search(text, position):
            at, position = match.start(), match.end()
            token = text[at]
            if token == _SEMICOLON:
                start = start if depth else position
            elif token == _OPEN:
                first = not at or text[at - 1] == _NEWLINE
                if not depth or first:
                    self.even = self.even and not depth
                    depth, opened = 0, at
                    if first and _is_head(text[start:at]) and (end := self._body(start, at)):
                        position = start = end
                        continue
                depth += 1
            elif token == _CLOSE:
                depth = max(depth - 1, 0)
                if depth and text[at - 1] == _NEWLINE:
                    self.even, depth = False, 0
                if not depth:
                    if _is_head(text[start:opened]):
                        self._function(start, opened, position)
                    start = position
            else:
                depth = self._directive(match, depth)
                start = start if depth else position
        self.even = self.even and not depth

    def _body(self, start: int, opened: int) -> int:
        """A function whose braces stand in the first column; where it ends, or 0 when that is not clear."""
        line = self.text[opened : self.text.find(b"\n", opened)]
        found = self.text.find(b"\n}", opened)
        end = len(self.text) if found < 0 else found + 2
        body = self.text[opened:end]
        if b"\n{" in body or b"}" in line:
            return 0
        self._function(start, opened, end)
        if b"\n#" in body:
            for match in _DIRECTIVE.finditer(self.text, opened, end):
                self._directive(match, 1)
        elif body.count(b"{") != body.count(b"}"):
            self.even = False
        return end

    def _function(self, start: int, opened: int, end: int) -> None:
        names, generated = _names(self.text[start:opened])
        if names:
            self.definitions.append(Definition(names, start, opened, end, self._around(), False, generated))

    def _around(self) -> tuple[Guard, ...]:
        return tuple(guard for guards, _ in self._stack for guard in guards) if self._stack else ()

    def _directive(self, match: re.Match[bytes], depth: int) -> int:
        word, rest, at = match[1], match[2], match.start()
        stack = self._stack
        if word in _CONDITIONALS:
            guards = _guards(word, rest, at)
            self.guards.extend(guards)
            stack.append((guards, depth))
        elif word in (b"else", b"elif") and stack:
            old, depth = stack[-1]
            turned = tuple(Guard(guard.symbol, not guard.positive, guard.offset) for guard in old)
            more = _guards(word, rest, at)
            self.guards.extend(more)
            stack[-1] = (turned + more, depth)
        elif word == b"endif" and stack:
            stack.pop()
        elif word == b"define":
            name = _DEFINE.match(rest)
            if name is not None and len(rest) > name.end():
                begin = match.start(2)
                self.definitions.append(Definition((name[1].decode(),), begin, begin + name.end(), match.end(), self._around(), True))
        return depth


def split(data: bytes) -> Parts:
    """Take a file apart."""
    splitter = _Splitter(blank(data))
    splitter.run()
    return Parts(splitter.text, tuple(splitter.definitions), tuple(splitter.guards), splitter.even)


def _is_head(head: bytes) -> bool:
    """Whether what stands before a brace is a function's head, and no initialiser, record or enumeration."""
    return b")" in head and b"=" not in head.partition(b"(")[0]


def lines(text: bytes) -> list[int]:
    """The offsets at which lines begin, for ``bisect``."""
    return [0, *(match.end() for match in re.finditer(rb"\n", text))]


def line_of(starts: list[int], offset: int) -> int:
    """The line of an offset, from 1."""
    return bisect.bisect_right(starts, offset)
