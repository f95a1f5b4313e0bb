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
_STEP = re.compile(rb"[{};]|^[ \t]*#[ \t]*(\w+)((?:[^\n\\]|\\.)*)", re.MULTILINE | re.DOTALL)
_DEFINE = re.compile(rb"[ \t]*(\w+)(\([^)\n]*\))?")
_CALLED = re.compile(rb"([A-Za-z_]\w*)[ \t\n]*\(")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_SYMBOL = re.compile(rb"(!?)[ \t]*(?:defined[ \t]*\(?|IS_ENABLED\(|IS_BUILTIN\(|IS_MODULE\(|IS_REACHABLE\()?[ \t]*CONFIG_(\w+)\)?[ \t]*([<>=!]=?)?")
_KEYWORDS = frozenset((b"if", b"while", b"for", b"switch", b"return", b"sizeof", b"typeof", b"__typeof__", b"__attribute__", b"do", b"else"))
_CONDITIONALS = frozenset((b"if", b"ifdef", b"ifndef"))


class Guard(msgspec.Struct, frozen=True):
    """A symbol that a conditional asks for. ``positive``: the code is there when it is on."""

    symbol: str
    positive: bool
    offset: int


class Definition(msgspec.Struct, frozen=True):
    """A function or a macro: ``text[start:end]``, whose body begins at ``body``; ``names`` are all that it may be called."""

    names: tuple[str, ...]
    start: int
    body: int
    end: int
    guards: tuple[Guard, ...]
    macro: bool = False
    generated: bool = False


class Parts(msgspec.Struct, frozen=True):
    """What a file is made of. ``outside`` are the extents that are no function: declarations, initialisers."""

    text: bytes
    definitions: tuple[Definition, ...]
    outside: tuple[tuple[int, int], ...]
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
        if number + 1 < len(candidates) and _WORD.search(head[close + 1:following]):
            continue
        if name.isupper() or (name.decode().upper().rstrip("0123456789") == name.decode().rstrip("0123456789")):
            arguments = _WORD.findall(head[end:close])
            return tuple(word.decode() for word in arguments[:1]), True
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
    for position in range(opening, len(text)):
        byte = text[position]
        if byte == 40:
            depth += 1
        elif byte == 41:
            depth -= 1
            if not depth:
                return position
    return len(text)


def split(data: bytes) -> Parts:
    """Take a file apart."""
    text = blank(data)
    definitions: list[Definition] = []
    outside: list[tuple[int, int]] = []
    seen: list[Guard] = []
    stack: list[tuple[tuple[Guard, ...], int]] = []
    depth = start = opened = last = 0
    inside = even = True
    inside = False
    head_guards: tuple[Guard, ...] = ()
    for match in _STEP.finditer(text):
        token = match[0]
        at = match.start()
        if token == b";":
            if not depth:
                start = at + 1
        elif token == b"{":
            first = not at or text[at - 1] == 10
            if first and depth and not inside:
                depth = 0
            if not depth:
                opened = at
                inside = _is_head(text[start:at])
                head_guards = tuple(guard for guards, _ in stack for guard in guards)
            depth += 1
        elif token == b"}":
            depth = max(depth - 1, 0)
            if at and text[at - 1] == 10 and depth:
                even = even and text[at - 1] != 10
                depth = 0
            if not depth:
                if inside:
                    names, generated = _names(text[start:opened])
                    if names:
                        outside.append((last, start))
                        last = at + 1
                        definitions.append(Definition(names, start, opened, at + 1, head_guards, False, generated))
                    inside = False
                start = at + 1
        else:
            depth = _directive(match, text, stack, depth, definitions, seen)
            if not depth:
                start = match.end()
    outside.append((last, len(text)))
    return Parts(text, tuple(definitions), tuple(outside), tuple(seen), even and not depth)


def _is_head(head: bytes) -> bool:
    """Whether what stands before a brace is a function's head, and no initialiser, record or enumeration."""
    return b"(" in head and b"=" not in head.partition(b"(")[0] and b")" in head


def _directive(match: re.Match[bytes], text: bytes, stack: list[tuple[tuple[Guard, ...], int]], depth: int,
               definitions: list[Definition], seen: list[Guard]) -> int:
    word, rest, at = match[1], match[2], match.start()
    if word in _CONDITIONALS:
        guards = _guards(word, rest, at)
        seen.extend(guards)
        stack.append((guards, depth))
    elif word in (b"else", b"elif") and stack:
        old, depth = stack[-1]
        turned = tuple(Guard(guard.symbol, not guard.positive, guard.offset) for guard in old)
        more = _guards(word, rest, at)
        seen.extend(more)
        stack[-1] = (turned + more, depth)
    elif word == b"endif" and stack:
        stack.pop()
    elif word == b"define":
        name = _DEFINE.match(rest)
        if name is not None and len(rest) > name.end():
            around = tuple(guard for guards, _ in stack for guard in guards)
            begin = match.start(2) + name.end()
            definitions.append(Definition((name[1].decode(),), match.start(2), begin, match.end(), around, True))
    return depth


def lines(text: bytes) -> list[int]:
    """The offsets at which lines begin, for ``bisect``."""
    return [0, *(match.end() for match in re.finditer(rb"\n", text))]


def line_of(starts: list[int], offset: int) -> int:
    """The line of an offset, from 1."""
    return bisect.bisect_right(starts, offset)
