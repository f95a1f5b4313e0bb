"""The rules as they are documented: one TOML file a rule, in ``rules/ptl``.

The same file is the source of ``ptlint explain``, of a finding's name and severity, and of the documentation.
"""

from __future__ import annotations

from functools import cache

import msgspec

from ptlint import resources
from ptlint.errors import Unreadable, UsageError
from ptlint.results import Severity

__all__ = ["Rule", "find", "load", "select"]


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A rule: ``name`` reads well after "allow"; ``severity`` is that of most of its findings."""

    id: str
    name: str
    severity: Severity
    title: str
    what: str
    why: str
    example: str
    instead: str
    references: tuple[str, ...] = ()


@cache
def load() -> tuple[Rule, ...]:
    """All rules, by id."""
    found = []
    for path in sorted((resources.rules() / "ptl").glob("*.toml")):
        try:
            rule = msgspec.toml.decode(path.read_bytes(), type=Rule)
        except (msgspec.MsgspecError, OSError) as error:
            raise Unreadable(f"{path}: {error}") from None
        if rule.id != path.stem:
            raise Unreadable(f"{path}: the rule inside is called {rule.id}")
        found.append(rule)
    return tuple(sorted(found, key=lambda rule: rule.id))


def find(word: str) -> Rule:
    """The rule of that id or name."""
    for rule in load():
        if word.lower() in (rule.id.lower(), rule.name):
            return rule
    raise UsageError(f"no rule is called {word!r}; there are {', '.join(f'{rule.id} ({rule.name})' for rule in load())}")


def select(words: tuple[str, ...]) -> tuple[str, ...]:
    """The ids of the rules that ``words`` name; a word may hold several, with commas between."""
    names = [name.strip() for word in words for name in word.split(",") if name.strip()]
    return tuple(sorted({find(name).id for name in names}))
