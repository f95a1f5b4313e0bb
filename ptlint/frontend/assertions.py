"""Static assertions that two records agree, read from the text: libclang does not give those of a precompiled header."""

from __future__ import annotations

import re

from .ir import Match
from .source import Sources

__all__ = ["matches"]

_OFFSET = r"\s*offsetof\s*\(\s*((?:struct|union)\s+\w+)\s*,\s*(\w+)\s*\)\s*"
_ASSERT = re.compile(rf"(?:_?[Ss]tatic_assert|BUILD_BUG_ON)\s*\({_OFFSET}[!=]={_OFFSET}[,)]".encode())
_DEFINE = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(\s*(\w+)\s*,\s*(\w+)\s*\)((?:[^\\\n]|\\[^\n]|\\\n)*)", re.MULTILINE)


def matches(sources: Sources, file: str) -> tuple[Match, ...]:
    """The assertions of a file: written out, or by a macro that takes the two members."""
    key = f"matches:{file}"
    known = sources.memo.get(key)
    if isinstance(known, tuple):
        return known
    text = sources.text(file)
    bodies = [(match.start(), match.end()) for match in _DEFINE.finditer(text)]
    found = [
        Match(sources.place(file, match.start()), f"{_word(match[1])}.{_word(match[2])}", f"{_word(match[3])}.{_word(match[4])}")
        for match in _ASSERT.finditer(text)
        if not any(start <= match.start() < end for start, end in bodies)
    ]
    for macro in _DEFINE.finditer(text):
        body = _ASSERT.search(macro[4].replace(b"\\\n", b" "))
        if body is None:
            continue
        for use in re.finditer(rb"^[ \t]*" + macro[1] + rb"\(\s*(\w+)\s*,\s*(\w+)\s*\)", text, re.MULTILINE):
            values = {macro[2]: use[1], macro[3]: use[2]}
            one, other = values.get(body[2], body[2]), values.get(body[4], body[4])
            place = sources.place(file, use.start() + len(use[0]) - len(use[0].lstrip()))
            found.append(Match(place, f"{_word(body[1])}.{_word(one)}", f"{_word(body[3])}.{_word(other)}"))
    result = tuple(sorted(found))
    sources.memo[key] = result
    return result


def _word(text: bytes) -> str:
    return " ".join(text.decode("utf-8", "replace").split())
