"""The expansion of ``$(…)`` in Makefiles, without anything that runs a command."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

__all__ = ["expand"]

_DEPTH = 30
_CLOSING = {"(": ")", "{": "}"}


def expand(text: str, values: Mapping[str, str], depth: int = 0) -> str:
    """``text`` with variables and list functions of make replaced; what is unknown, and ``$(shell …)``, stands for nothing."""
    if "$" not in text or depth > _DEPTH:
        return text
    out: list[str] = []
    at = 0
    while (found := text.find("$", at)) >= 0:
        out.append(text[at:found])
        opening = text[found + 1 : found + 2]
        if opening not in _CLOSING:
            out.append("$" if opening == "$" else "")
            at = found + 2
            continue
        end = _close(text, found + 1, opening)
        out.append(_call(text[found + 2 : end], values, depth + 1))
        at = end + 1
    out.append(text[at:])
    return "".join(out)


def _close(text: str, start: int, opening: str) -> int:
    level = 0
    for at in range(start, len(text)):
        if text[at] == opening:
            level += 1
        elif text[at] == _CLOSING[opening]:
            level -= 1
            if level == 0:
                return at
    return len(text)


def _split(text: str) -> list[str]:
    """The arguments of a call, at the commas that are in no parentheses."""
    found, level, start = [], 0, 0
    for at, letter in enumerate(text):
        if letter in "({":
            level += 1
        elif letter in ")}":
            level -= 1
        elif letter == "," and level == 0:
            found.append(text[start:at])
            start = at + 1
    return [*found, text[start:]]


def _call(body: str, values: Mapping[str, str], depth: int) -> str:
    name, space, rest = body.partition(" ")
    if space and name in _FUNCTIONS:
        return _FUNCTIONS[name]([expand(argument.strip(), values, depth) for argument in _split(rest)])
    if space or "," in body:
        return ""
    variable, colon, change = expand(body, values, depth).partition(":")
    value = expand(values.get(variable, ""), values, depth)
    if colon and "=" in change:
        old, _, new = change.partition("=")
        old, new = (old, new) if "%" in old else (f"%{old}", f"%{new}")
        return _pattern([old, new, value])
    return value


def _matches(pattern: str, word: str) -> str | None:
    head, percent, tail = pattern.partition("%")
    if not percent:
        return "" if pattern == word else None
    fits = word.startswith(head) and word.endswith(tail) and len(word) >= len(head) + len(tail)
    return word[len(head) : len(word) - len(tail)] if fits else None


def _argument(arguments: list[str], number: int) -> str:
    return arguments[number] if number < len(arguments) else ""


def _pattern(arguments: list[str]) -> str:
    old, new = arguments[0], _argument(arguments, 1)
    words = _argument(arguments, 2).split()
    stems = [(word, _matches(old, word)) for word in words]
    return " ".join(word if stem is None else new.replace("%", stem, 1) for word, stem in stems)


def _filter(arguments: list[str], keep: bool) -> str:
    patterns = arguments[0].split()
    words = _argument(arguments, 1).split()
    return " ".join(word for word in words if any(_matches(pattern, word) is not None for pattern in patterns) == keep)


def _each(change: Callable[[str], str]) -> Callable[[list[str]], str]:
    return lambda arguments: " ".join(change(word) for word in arguments[0].split())


_FUNCTIONS: Mapping[str, Callable[[list[str]], str]] = {
    "subst": lambda a: _argument(a, 2).replace(a[0], _argument(a, 1)) if a[0] else _argument(a, 2),
    "patsubst": _pattern,
    "filter": lambda a: _filter(a, True),
    "filter-out": lambda a: _filter(a, False),
    "addprefix": lambda a: " ".join(a[0] + word for word in _argument(a, 1).split()),
    "addsuffix": lambda a: " ".join(word + a[0] for word in _argument(a, 1).split()),
    "strip": lambda a: " ".join(a[0].split()),
    "sort": lambda a: " ".join(sorted(set(a[0].split()))),
    "findstring": lambda a: a[0] if a[0] in _argument(a, 1) else "",
    "if": lambda a: _argument(a, 1) if a[0] else _argument(a, 2),
    "or": lambda a: next((word for word in a if word), ""),
    "and": lambda a: "" if not all(a) else a[-1],
    "notdir": _each(posixpath.basename),
    "basename": _each(lambda word: posixpath.splitext(word)[0]),
    "firstword": lambda a: (a[0].split() or [""])[0],
    "lastword": lambda a: (a[0].split() or [""])[-1],
}
