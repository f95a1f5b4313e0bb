"""Patches as text: diffs as git writes them, mails, series; and where they apply, with git itself to compare with."""

from __future__ import annotations

import random
import subprocess
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_tree import git

from ptlint.change.apply import DoesNotApply, apply_hunks
from ptlint.change.differ import hunks_between
from ptlint.change.mail import read_patches
from ptlint.change.parse import parse_diff
from ptlint.errors import UsageError
from ptlint.tree import WorkTree
from ptlint.tree.patched import lay

WORDS = [b"a\n", b"b\n", b"\n", b"\tif (x) {\n", b"}\n", b"-- \n", b"@@ -1 +1 @@\n", b"\xff\x0c\r\n", b"--- a/x\n"]
LINES = st.lists(st.sampled_from(WORDS), max_size=30)
ADDED = ["+new", "+\tint x = 1;", "+=3D", "+From here", "+-- ", "+.", "+" + "long " * 30, "+", "+--- a", "+diff --git a/x b/x"]
TEXT = st.builds(lambda lines, end: b"".join(lines) + end, LINES, st.sampled_from([b"", b"no newline"]))
DIFF = b"""\
diff --git a/mm/b.c b/mm/b.c
index 1111111..2222222 100644
--- a/mm/b.c
+++ b/mm/b.c
@@ -1,3 +1,3 @@ int one(void)
 one
-two
+2
 three
"""
OTHER = DIFF.replace(b"two", b"2").replace(b"+2", b"+zwei")


@given(TEXT, TEXT)
def test_hunks_between_make_one_of_the_other(old: bytes, new: bytes) -> None:
    hunks = hunks_between(old, new)
    assert apply_hunks(old, hunks).data == new
    assert bool(hunks) == (old != new)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for text in (data, DIFF + data, data + DIFF, DIFF[:-10] + data):
        try:
            parse_diff(text)
            read_patches(text)
        except UsageError as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("lines", range(6, 9))
def test_a_diff_that_is_cut_off_says_so(lines: int) -> None:
    with pytest.raises(UsageError, match=r"hunk #1 of mm/b\.c is cut off"):
        parse_diff(b"".join(DIFF.splitlines(keepends=True)[: lines - 1]))


def _write(root: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def test_what_git_writes_is_applied_as_git_does(tmp_path: Path) -> None:
    """Many changes at once: edits, files that come, go, move, are copied, change their mode; names with blanks and other bytes."""
    pick = random.Random(7)
    lines = [b"line %d\n" % number for number in range(60)]
    before = {f"mm/f {number}.c": b"".join(pick.sample(lines, 40)) for number in range(30)} | {'mm/\u00e4\t"q.c': b"x\ny\n", "mm/end.c": b"a\nb"}
    _write(tmp_path, before)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "before")
    after: dict[str, bytes | None] = {}
    for name, data in before.items():
        text = data.splitlines(keepends=True)
        for _ in range(pick.randrange(4)):
            at = pick.randrange(len(text) + 1)
            text[at : at + pick.randrange(3)] = pick.sample(lines, pick.randrange(3))
        after[name] = b"".join(text)
    after["mm/f 3.c"] = None
    after["mm/new.c"] = b"new\n"
    after["mm/empty.c"] = b""
    after["mm/moved/f.c"] = before["mm/f 4.c"] + b"more\n"
    after["mm/f 4.c"] = None
    after["mm/copy.c"] = before["mm/f 5.c"]
    after["mm/end.c"] = b"a\nb\n"
    for name, data in after.items():
        (tmp_path / name).unlink(missing_ok=True)
        if data is not None:
            _write(tmp_path, {name: data})
    (tmp_path / "mm/f 6.c").chmod(0o755)
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "after")
    for options in (("-M",), ("-C", "--find-copies-harder"), ("--no-renames",), ("-M", "--no-prefix"), ("-M", "-U1"), ("-U0",), ("-D", "-M")):
        diff = subprocess.run(["git", "diff", *options, "HEAD^", "HEAD"], cwd=tmp_path, capture_output=True, check=True).stdout
        git(tmp_path, "checkout", "-q", "HEAD^")
        step, tree = lay(WorkTree(str(tmp_path)), read_patches(diff)[0])
        assert step.deltas
        for name in {*before, *after}:
            assert tree.read(name) == after.get(name), (options, name)
        assert tree.files("mm") == sorted(name for name in {*before, *after} if after.get(name) is not None)
        git(tmp_path, "checkout", "-q", "-")


@settings(max_examples=60)
@given(st.integers(0, 12), st.lists(st.sampled_from([b"x\n", b"y\n", b"z\n"]), max_size=12), st.integers(0, 30))
def test_offsets(where: int, more: list[bytes], seed: int) -> None:
    """Lines that come above only move a hunk; it goes to the place that is nearest to where it should be."""
    old = [b"%d\n" % (number + seed) for number in range(20)]
    new = [*old[:where], b"new\n", *old[where:]]
    hunks = hunks_between(b"".join(old), b"".join(new))
    applied = apply_hunks(b"".join(more + old), hunks) if where >= 3 else None
    if applied:
        assert applied.data == b"".join(more + new)
        assert applied.hunks[0].new == hunks[0].new + len(more)


def test_a_hunk_does_not_apply_elsewhere_than_its_context_says() -> None:
    hunks = parse_diff(DIFF)[0].hunks
    assert apply_hunks(b"one\ntwo\nthree\n", hunks).data == b"one\n2\nthree\n"
    for data, reason in (
        (b"one\nzwei\nthree\n", "line 2 is 'zwei', and should be 'two'"),
        (b"one\n2\nthree\n", "applied already"),
        (b"one\r\ntwo\r\nthree\r\n", "how it ends"),
        (b"one\n", "the file ends at line 1"),
    ):
        with pytest.raises(DoesNotApply, match=reason):
            apply_hunks(data, hunks)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"diff --cc mm/b.c\n@@@ -1 -1 +1 @@@\n", "combined diff"),
        (b"@@ -1 +1 @@\n-a\n+b\n", "no file before it"),
        (DIFF.replace(b" three\n", b"three\n"), "hunk #1 of mm/b.c is broken at line 9 of the patch: 'three'"),
        (b"hello\n", "no patch in it"),
        (b"", "no patch in it"),
        (b"diff --git a b c\n", "no file name"),
    ],
)
def test_what_is_no_patch(text: bytes, says: str) -> None:
    with pytest.raises(UsageError) as error:
        read_patches(text, "x")
    assert says in str(error.value)


def test_names_of_other_diffs(tmp_path: Path) -> None:
    _write(tmp_path, {"mm/b.c": b"one\ntwo\nthree\n"})
    for old, new in (
        ("mm/b.c.orig", "mm/b.c"),
        ("linux.orig/mm/b.c\t2025-01-01", "linux/mm/b.c\t2025-01-02"),
        ("a/mm/b.c", "b/mm/b.c"),
        ("w/mm/b.c", "i/mm/b.c"),
    ):
        text = b"--- %s\n+++ %s\n" % (old.encode(), new.encode()) + DIFF[DIFF.index(b"@@") :]
        step, tree = lay(WorkTree(str(tmp_path)), read_patches(text)[0])
        assert [delta.path for delta in step.deltas] == ["mm/b.c"], old
        assert tree.read("mm/b.c") == b"one\n2\nthree\n"


@pytest.mark.parametrize("name", ["../b.c", "/etc/passwd", "mm/../../x"])
def test_a_patch_does_not_leave_the_tree(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"leads out of the tree|no such file"):
        lay(WorkTree(str(tmp_path)), read_patches(DIFF.replace(b"mm/b.c", name.encode()))[0])


def mail(subject: str, body: bytes, encoding: str = "7bit", crlf: bool = False, sender: str = "J\u00fcrgen <j@example.org>") -> bytes:
    """A mail as a kernel list carries it."""
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = sender, subject, f"<{abs(hash(subject))}@x>"
    message.set_content("Say why.\n\nSigned-off-by: J\n---\n mm/b.c | 2 +-\n\n" + body.decode() + "-- \n2.39.5\n", cte=encoding)
    return message.as_bytes(policy=SMTP if crlf else SMTP.clone(linesep="\n"))


def mbox(*mails: bytes) -> bytes:
    return b"".join(b"From 0123456789 Mon Sep 17 00:00:00 2001\n" + one.rstrip(b"\n") + b"\n\n" for one in mails)


@given(
    st.sampled_from(["7bit", "8bit", "quoted-printable", "base64"]),
    st.booleans(),
    st.lists(st.sampled_from(ADDED), max_size=6),
)
def test_mails_say_what_their_diff_says(encoding: str, crlf: bool, more: list[str]) -> None:
    added = "".join(f"{line}\n" for line in more).encode()
    diff = DIFF.replace(b"+1,3 @@", b"+1,%d @@" % (3 + len(more))).replace(b"+2\n", b"+2\n" + added)
    one = mail("[PATCH] mm: change b", diff, encoding, crlf)
    for data in (one, mbox(one)):
        (patch,) = read_patches(data)
        assert patch.files[0].hunks[0].lines == parse_diff(diff)[0].hunks[0].lines
        assert (patch.subject, patch.author) == ("mm: change b", "J\u00fcrgen <j@example.org>")


def test_a_series_out_of_order() -> None:
    cover = mail("[PATCH v2 0/2] mm: b", b"range-diff:\n" + OTHER)
    old = mail("[PATCH 1/2] mm: old", OTHER)
    first, second = mail("[PATCH v2 1/2] mm: one", DIFF), mail("[PATCH v2 2/2] mm: two", OTHER)
    reply = mail("Re: [PATCH v2 1/2] mm: one", b"> +2\nhow about\n" + OTHER)
    patches = read_patches(mbox(second, cover, reply, old, first))
    assert [patch.subject for patch in patches] == ["mm: one", "mm: two"]
    assert [patch.number for patch in patches] == [1, 2]
    with pytest.raises(UsageError, match="patch 1 of 3 is not in it"):
        read_patches(mbox(mail("[PATCH 3/3] c", DIFF), mail("[PATCH 2/3] b", DIFF)))
    assert len(read_patches(second)) == 1


def test_an_attachment_counts() -> None:
    message = EmailMessage()
    message["From"], message["Subject"] = "a@x", "[PATCH] b"
    message.set_content("see the attachment")
    message.add_attachment(DIFF, "text", "x-patch", filename="b.patch", cte="base64")
    (patch,) = read_patches(message.as_bytes())
    assert patch.files[0].hunks[0].lines == parse_diff(DIFF)[0].hunks[0].lines
