"""What a function does with what it was given: a look at names and assignments, with no types and no order of execution."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from contextlib import suppress

import msgspec

from ptlint.cache import Shelf
from ptlint.cache.deps import digest
from ptlint.select.split import Definition, closing
from ptlint.select.vocabulary import Vocabulary

__all__ = ["Flows", "Given"]

_KEPT = b"flows"
_WORD = re.compile(rb"[A-Za-z_]\w*")
_ASSIGNED = re.compile(rb"\b([A-Za-z_]\w*)(?:(?:->|\.)\w+|\[[^\]]*\])*[ \t\n]*=(?!=)([^;]*);")
_LOOP = re.compile(rb"\b\w*for_each\w*[ \t]*\(([^;{]*)\)")
_LIST = re.compile(rb"\bl?list_\w+")


class Given(enum.IntEnum):
    """How much of what a function was given goes into a call: nothing, what tables belong to, a number, or an object that can be a table."""

    NOTHING = 0
    OWNER = 1
    NUMBER = 2
    OBJECT = 3


class Flows:
    """What functions give to what they call. Answers are kept by the text of the function, so each is found once for many trees."""

    def __init__(self, vocabulary: Vocabulary, shelf: Shelf) -> None:
        """``shelf`` is for these words."""
        self._vocabulary, self._shelf = vocabulary, shelf
        self._flows: dict[bytes, _Flow] = {}
        kept = shelf.find(_KEPT)
        self._known: dict[bytes, tuple[Given, bool, bool]] = {}
        if kept is not None:
            with suppress(msgspec.MsgspecError):
                self._known = msgspec.msgpack.decode(kept, type=dict[bytes, tuple[Given, bool, bool]])
        self._used: dict[bytes, tuple[Given, bool, bool]] = {}

    def gives(self, text: bytes, definition: Definition, callee: bytes) -> tuple[Given, bool, bool]:
        """The most of what was given that calls of ``callee`` get, whether one may get a page that was a table, and whether one gets anything.

        ``text`` is the function's own, blanked.
        """
        if _opaque(definition):
            return Given.OBJECT, True, True
        function = digest(b"%d " % (definition.body - definition.start) + text)
        key = function + callee
        found = self._known.get(key)
        if found is None:
            if function not in self._flows:
                self._flows[function] = _Flow(text, definition, self._vocabulary)
            found = self._known[key] = self._flows[function].gives(callee)
        self._used[key] = found
        return found

    def collects(self, text: bytes, definition: Definition) -> bool:
        """Does a function have a collector of tables of its own?"""
        return not _opaque(definition) and self._vocabulary.local.search(text, definition.body - definition.start) is not None

    def keep(self) -> None:
        """Keep what was asked for."""
        if self._flows:
            self._shelf.keep(msgspec.msgpack.encode(self._used), _KEPT)


def _opaque(definition: Definition) -> bool:
    return definition.macro or definition.generated


class _Flow:
    """The names of one function, by what they hold: something given to it, or what came from a table (``_turned``)."""

    def __init__(self, text: bytes, definition: Definition, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        body = definition.body - definition.start
        self._body = text[body:]
        self._held: dict[bytes, Given] = {}
        self._turned: set[bytes] = set()
        self._tables: set[bytes] = set()
        head = text[:body]
        opening = head.find(definition.names[0].encode() + b"(") + len(definition.names[0])
        for parameter in _arguments(head, opening):
            self._parameter(parameter)
        self._follow()

    def _parameter(self, text: bytes) -> None:
        words = _WORD.findall(text)
        if len(words) < 2:
            return
        if self._vocabulary.objects.search(text):
            self._held[words[-1]] = Given.OBJECT
            if self._vocabulary.pages.search(text):
                self._turned.add(words[-1])
            elif any(self._vocabulary.is_table(word) for word in words[:-1]):
                self._tables.add(words[-1])
        elif b"*" in text:
            self._held[words[-1]] = Given.OWNER
        elif self._vocabulary.numbers.search(text):
            self._held[words[-1]] = Given.NUMBER

    def _follow(self) -> None:
        self._turned.update(match[1] for match in self._vocabulary.local.finditer(self._body))
        for match in _LOOP.finditer(self._body):
            for word in _WORD.findall(match[1]):
                self._held[word] = Given.OBJECT
        assigned = [(match[1], match[2], _WORD.findall(match[2])) for match in _ASSIGNED.finditer(self._body)]
        for _ in range(2):
            for name, value, words in assigned:
                fresh = self._vocabulary.fresh.search(value) is not None
                if any(word in self._turned or self._vocabulary.way.match(word) for word in words):
                    self._turned.add(name)
                held = Given.NOTHING if fresh else self._of(words)
                taken = not fresh and _LIST.search(value) is not None
                if taken or (held and any(self._vocabulary.is_table(word) for word in words)):
                    held = Given.OBJECT
                self._held[name] = max(held, self._held.get(name, Given.NOTHING))

    def _of(self, words: list[bytes]) -> Given:
        return max((self._held.get(word, Given.NOTHING) for word in words), default=Given.NOTHING)

    def _is_turned(self, words: list[bytes]) -> bool:
        if len(words) == 1 and words[0] in self._tables:
            return True
        return any(word in self._turned or self._vocabulary.way.match(word) for word in words)

    def gives(self, callee: bytes) -> tuple[Given, bool, bool]:
        """See ``Flows``."""
        most, turned, filled = Given.NOTHING, False, False
        for match in re.finditer(rb"\b%s\b[ \t\n]*(\(?)" % re.escape(callee), self._body):
            if not match[1]:
                if callee in self._held:
                    continue
                return Given.OBJECT, True, True
            arguments = [_WORD.findall(argument) for argument in _arguments(self._body, match.end() - 1)]
            filled = filled or any(arguments)
            for words in arguments:
                held = self._of(words)
                if held is Given.OWNER and len(words) > 1 and any(self._vocabulary.is_table(word) for word in words):
                    held = Given.OBJECT
                elif held is Given.OWNER and len(arguments) > 1:
                    continue
                most = max(most, held)
            turned = turned or any(map(self._is_turned, arguments))
        return most, turned, filled


def _arguments(text: bytes, opening: int) -> Iterator[bytes]:
    """The arguments of the parenthesis at ``opening``."""
    depth, begin = 0, opening + 1
    end = closing(text, opening)
    for position in range(opening + 1, end):
        byte = text[position]
        if byte == 44 and not depth:
            yield text[begin:position]
            begin = position + 1
        elif byte in b"([{":
            depth += 1
        elif byte in b")]}":
            depth -= 1
    yield text[begin:end]
