"""What the commands of ``$(shell,…)`` are taken to say. None of them is ever run: a Kconfig of a tree is untrusted input.

The table is ``rules/build.toml``; a handful of forms that only compare or count words (``test "A" = B``, ``expr A / B``) are evaluated here.
"""

from __future__ import annotations

import re

import msgspec

from ptlint import resources
from ptlint.errors import Unreadable

__all__ = ["Folder", "Gate", "Needed", "Output", "Probe", "Rules", "answer", "load_rules", "succeeds"]

_IF = re.compile(r'^\{ (?P<command>.*); \} >/dev/null 2>&1 && echo "(?P<yes>.*)" \|\| echo "(?P<no>.*)"$', re.DOTALL)
_SET = re.compile(r"^set -- (?P<words>.*) && echo \$(?P<number>\d)$")
_EXPR = re.compile(r"^expr (\d+) ([-+*/]) (\d+)$")
_TEST = re.compile(r'^test "?(?P<left>[^"=]*?)"? (?P<same>!?=) "?(?P<right>[^"=]*?)"?$')
_EMPTY = re.compile(r'^test -(?P<flag>[nz]) "(?P<word>.*)"$')


class Probe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a command whose text holds ``pattern`` (a regular expression) ends well. The first that matches decides."""

    pattern: str
    succeeds: bool
    reason: str


class Output(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a command whose text holds ``pattern`` prints."""

    pattern: str
    prints: str
    reason: str


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One or more Kconfig symbols, and why they are named."""

    symbols: tuple[str, ...]
    reason: str


class Folder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A folder that is entered when ``parent`` of it, a Makefile, is missing: always, or when ``symbol`` is on."""

    path: str
    parent: str
    reason: str
    symbol: str | None = None


class Needed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Folders whose Makefiles may name no file that is not there."""

    folders: tuple[str, ...]
    reason: str


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``rules/build.toml``."""

    batch: Gate
    paravirt: Gate
    guests: tuple[Gate, ...]
    gate: tuple[Gate, ...]
    off: tuple[Gate, ...]
    pae: tuple[Gate, ...]
    folder: tuple[Folder, ...]
    needed: Needed
    output: tuple[Output, ...]
    probe: tuple[Probe, ...]


def load_rules() -> Rules:
    """Read ``rules/build.toml``. Raises ``Unreadable`` when it is broken."""
    path = resources.rules() / "build.toml"
    try:
        return msgspec.toml.decode(path.read_bytes(), type=Rules)
    except (msgspec.MsgspecError, OSError) as error:
        raise Unreadable(f"{path}: {error}") from None


def succeeds(rules: Rules, command: str) -> bool:
    """Whether ``command`` is taken to end well; what nothing is known of fails."""
    command = command.strip()
    if match := _EMPTY.match(command):
        return (match["word"] == "") == (match["flag"] == "z")
    if match := _TEST.match(command):
        return (match["left"].strip() == match["right"].strip()) == (match["same"] == "=")
    return next((probe.succeeds for probe in rules.probe if re.search(probe.pattern, command)), False)


def answer(rules: Rules, command: str) -> str:
    """What ``command`` is taken to print; nothing when nothing is known of it."""
    command = command.strip()
    if match := _IF.match(command):
        return match["yes"] if succeeds(rules, match["command"]) else match["no"]
    if match := _SET.match(command):
        words = match["words"].split()
        number = int(match["number"])
        return words[number - 1] if 0 < number <= len(words) else ""
    if match := _EXPR.match(command):
        return _calculate(int(match[1]), match[2], int(match[3]))
    return next((output.prints for output in rules.output if re.search(output.pattern, command)), "")


def _calculate(left: int, operator: str, right: int) -> str:
    if operator == "/":
        return str(left // right) if right else ""
    return str({"+": left + right, "-": left - right, "*": left * right}[operator])
