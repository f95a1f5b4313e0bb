"""From what a user hands over to patches in order: a diff, a mail, or an mbox with a series."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import Message

from ptlint.change.model import Patch
from ptlint.change.parse import parse_diff
from ptlint.errors import UsageError

__all__ = ["NoPatch", "read_patches"]

_FROM = re.compile(rb"^From \S.*\d{1,2}:\d\d(?::\d\d)?.*\d{4}.*$", re.MULTILINE)
_HEADER = re.compile(rb"\A(?:[A-Za-z][A-Za-z0-9-]*:[^\n]*\r?\n(?:[ \t][^\n]*\r?\n)*)+\r?\n")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_TAGS = re.compile(r"\[([^\]]*)\]\s*")
_PLACE = re.compile(r"(?<![\w.])(\d+)/(\d+)(?![\w.])")
_VERSION = re.compile(r"\bv(\d+)\b", re.IGNORECASE)


class NoPatch(UsageError):
    """There is no patch in what was handed over."""


def read_patches(data: bytes, name: str = "the patch") -> tuple[Patch, ...]:
    """The patches of a diff, mail or mbox, in the order in which they apply: by the numbers in the subjects, where there are some.

    A cover letter and replies without a patch are passed over, and of several versions of a series the newest counts. ``name`` is what
    messages call the input. Raises ``NoPatch`` when there is no patch in it, and ``UsageError`` when one is broken, or one of a series is missing.
    """
    patches = _of_mails(_messages(data), name) if _is_mail(data) else _of_diff(data, name)
    if not any(patch.files for patch in patches):
        raise NoPatch(f"{name}: no patch in it (a diff, a mail or an mbox with one is wanted)")
    return patches


def _of_diff(data: bytes, name: str) -> tuple[Patch, ...]:
    return (Patch(files=parse_diff(data, name), name=name),)


def _is_mail(data: bytes) -> bool:
    start = data.lstrip(b"\r\n")
    if _FROM.match(start):
        return True
    head = _HEADER.match(start)
    return head is not None and re.search(rb"^(?:Subject|From|Message-ID|Content-Type):", head[0], re.MULTILINE | re.IGNORECASE) is not None


def _messages(data: bytes) -> list[bytes]:
    """The mails of an mbox: each begins with a line ``From ... 12:00:00 2025`` at the start or after an empty line."""
    start = data.lstrip(b"\r\n")
    marks = [match.start() for match in _FROM.finditer(start) if _first(start, match.start())]
    if not marks or marks[0] != 0:
        return [start]
    ends = [*marks[1:], len(start)]
    return [_QUOTED_FROM.sub(rb"\1", start[begin:end].partition(b"\n")[2]) for begin, end in zip(marks, ends, strict=True)]


def _first(data: bytes, at: int) -> bool:
    return at == 0 or data[:at].endswith((b"\n\n", b"\n\r\n")) or _HEADER.match(data[at:].partition(b"\n")[2]) is not None


def _of_mails(mails: list[bytes], name: str) -> tuple[Patch, ...]:
    found = []
    for number, mail in enumerate(mails, 1):
        patch = _of_mail(mail, name if len(mails) == 1 else f"{name}, mail {number}")
        if patch is not None and patch.files:
            found.append(patch)
    proper = [patch for patch in found if not patch.subject.lower().startswith("re:")]
    return _in_order(proper or found, name)


def _of_mail(mail: bytes, name: str) -> Patch | None:
    message = message_from_bytes(mail, policy=policy.compat32)
    subject = _decoded(message, "Subject")
    tags = " ".join(_TAGS.findall(subject))
    place = _PLACE.search(tags)
    number, total = (int(place[1]), int(place[2])) if place else (0, 0)
    if total and not number:
        return None  # the cover letter, whatever diff it quotes
    version = _VERSION.search(tags)
    called = f"{name} ({subject})" if subject else name
    body = b"".join(_bodies(message))
    bare = subject
    while (tag := _TAGS.match(bare)) and tag.end() < len(bare):
        bare = bare[tag.end() :]
    return Patch(
        files=parse_diff(body, called), name=called, subject=bare, author=_decoded(message, "From"),
        message_id=_decoded(message, "Message-ID").strip("<>"), number=number, total=total, version=int(version[1]) if version else 1,
    )  # fmt: skip


def _bodies(message: Message) -> list[bytes]:
    """The text parts, with their transfer encoding taken off."""
    found = []
    for part in message.walk():
        if part.is_multipart() or part.get_content_maintype() not in ("text", "application"):
            continue
        if part.get_content_subtype() == "html":
            continue
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            found.append(payload if payload.endswith(b"\n") else payload + b"\n")
    return found


def _decoded(message: Message, header: str) -> str:
    from email.errors import HeaderParseError
    from email.header import decode_header, make_header

    raw = str(message.get(header, ""))
    try:
        text = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        text = raw
    return " ".join(text.encode("utf-8", "replace").decode().split())


def _in_order(patches: list[Patch], name: str) -> tuple[Patch, ...]:
    numbered = [patch for patch in patches if patch.total]
    if len(numbered) < 2 or len({patch.total for patch in numbered if patch.version == max(p.version for p in numbered)}) > 1:
        return tuple(patches)  # one patch, or several series one after the other
    newest = max(patch.version for patch in numbered)
    series: dict[int, Patch] = {}
    for patch in numbered:
        if patch.version == newest:
            series.setdefault(patch.number, patch)
    total = max(patch.total for patch in series.values())
    missing = [str(number) for number in range(1, total + 1) if number not in series]
    if missing:
        raise UsageError(f"{name}: patch {', '.join(missing)} of {total} is not in it; give the whole series, or each patch alone")
    return (*(series[number] for number in sorted(series)), *(patch for patch in patches if not patch.total))
