"""Changes looked at: each source, with an analysis that is put in place of the real one; and a few with the real one, over the demo."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from cases import DEMO, ROOT
from test_change import DIFF, mail, mbox
from test_tree import git

from ptlint import resources
from ptlint.cache import Recorder, open_session
from ptlint.change.relevance import Relevance
from ptlint.compare.findings import compare
from ptlint.errors import UsageError
from ptlint.options import RunOptions
from ptlint.pipeline import _look
from ptlint.progress import NullProgress
from ptlint.results import CheckResult, Finding, Incomplete, Location, Object, Step, TreeInfo, VariantInfo
from ptlint.review import ChangeRequest, planned, review
from ptlint.tree import Tree, open_tree

pytestmark = pytest.mark.slow  # whole runs, many times over

VARIANTS = tuple(VariantInfo(name, name, {}) for name in ("nopv", "kvm"))


class Look:
    """An "analysis": each ``BAD(name)`` in mm/ is a finding, in the variants of ``VARIANTS=`` in the Kconfig."""

    def __init__(self) -> None:
        self.trees: list[str | None] = []

    def __call__(self, tree: Tree) -> CheckResult:
        self.trees.append(tree.commit)
        names = re.findall(r"\w+", (tree.read("Kconfig") or b"").decode().partition("VARIANTS=")[2]) or ["nopv"]
        found = []
        for path in tree.files("mm"):
            for number, line in enumerate((tree.read(path) or b"").decode().splitlines(), 1):
                if bad := re.search(r"BAD\((\w+)\)", line):
                    found.append(finding(path, number, bad[1], tuple(names)))
        return CheckResult(tree=TreeInfo(tree.version, tree.commit), variants=VARIANTS, findings=tuple(found))


def finding(path: str, line: int, name: str, variants: tuple[str, ...]) -> Finding:
    return Finding(
        rule="PTL001", name="immediate-free", severity="error", message="m", fingerprint=f"{path}:{name}", location=Location(path, line, 1, name),
        variants=variants, object=Object("pte", "user", "e"), missing=("rcu",), path=(Step(path, line, name, "freed"),),
    )  # fmt: skip


@pytest.fixture
def linux(tmp_path: Path) -> Path:
    """A repository that looks like a kernel, with one commit, and a finding in it."""
    root = tmp_path / "linux"
    for name, text in {
        "Makefile": "VERSION = 6\n", "Kconfig": "# VARIANTS=nopv\n", "arch/x86/mm/a.c": "int a;\n", "Documentation/x.rst": "x\n",
        "mm/b.c": "one\ntwo\nthree\nBAD(old)\n", "drivers/net/x.c": "x\n", "include/linux/mm.h": "int mm;\n",
    }.items():  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "-q", "-b", "main")
    save(root, "first")
    return root


def save(root: Path, subject: str, **files: str | None) -> str:
    """Change files and commit them. Names have __ for / and _c for .c."""
    for name, text in files.items():
        write(root, name.replace("__", "/").replace("_", "."), text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", subject)
    return git(root, "rev-parse", "HEAD")


def write(root: Path, name: str, text: str | None) -> None:
    path = root / name
    path.unlink(missing_ok=True)
    if text is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def ask(root: Path, rev: str | None = None, **words: Any) -> tuple[CheckResult, Look]:
    look = Look()
    request = ChangeRequest(**words)
    options = RunOptions(tree=root, rev=rev)
    before = sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))
    with planned(options, request) as plan:
        result = review(plan, request, look)
    assert sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*")) == before
    return result, look


def names(findings: tuple[Finding, ...]) -> list[str]:
    return [one.fingerprint for one in findings]


NEW = DIFF.replace(b"+2\n", b"+BAD(new)\n")


def test_a_patch(linux: Path) -> None:
    result, look = ask(linux, patch=("x", NEW))
    assert names(result.findings) == ["mm/b.c:new"] and look.trees == [None, None]
    cause = result.findings[0].cause
    assert cause is not None
    assert (cause.file, cause.line, cause.commit, cause.part) == ("mm/b.c", 2, None, 1)
    assert cause.hunk == ("@@ -1,3 +1,3 @@ int one(void)", " one", "-two", "+BAD(new)", " three")
    assert result.change is not None
    assert (result.change.known, result.change.source) == (1, "patch")
    result, _ = ask(linux, patch=("x", NEW), everything=True)
    assert [(one.fingerprint, one.known) for one in result.findings] == [("mm/b.c:new", False), ("mm/b.c:old", True)]


def test_a_patch_on_a_revision(linux: Path) -> None:
    save(linux, "second", mm__b_c="other\n")
    with pytest.raises(UsageError, match=r"^x: hunk #1 of mm/b.c .line 5 of the patch. does not apply: line 1 is 'other'"):
        ask(linux, patch=("x", NEW))
    result, look = ask(linux, "HEAD^", patch=("x", NEW))
    assert names(result.findings) == ["mm/b.c:new"]
    assert look.trees == [git(linux, "rev-parse", "HEAD^"), None]


def test_a_series_names_the_mail_that_brings_it(linux: Path) -> None:
    again = DIFF.replace(b"-two", b"-2").replace(b"+2\n", b"+BAD(later)\n")
    series = mbox(mail("[PATCH 2/2] mm: two", again), mail("[PATCH 1/2] mm: one", DIFF))
    result, look = ask(linux, patch=("x", series))
    assert result.change is not None
    assert [part.subject for part in result.change.parts] == ["mm: one", "mm: two"]
    assert [(one.fingerprint, one.cause and one.cause.part) for one in result.findings] == [("mm/b.c:later", 2)]
    assert len(look.trees) == 3
    result, look = ask(linux, patch=("x", series), squash=True)
    assert names(result.findings) == ["mm/b.c:later"] and len(look.trees) == 2


def test_what_a_lost_build_had_is_not_fixed() -> None:
    none = CheckResult(tree=TreeInfo("6.12"), variants=VARIANTS, findings=())
    before = msgspec.structs.replace(none, findings=(finding("mm/b.c", 1, "old", ("nopv",)),))
    assert len(compare(before, none).fixed) == 1
    lost = msgspec.structs.replace(none, incomplete=(Incomplete(".", ("nopv",), "the process was ended"),))
    assert compare(before, lost).fixed == ()


def test_a_range_names_the_commit(linux: Path) -> None:
    base = git(linux, "rev-parse", "HEAD")
    save(linux, "docs", Documentation__x_rst="y\n")
    bad = save(linux, "mm: bad", mm__c_c="BAD(c)\n", drivers__net__x_c="y\n")
    save(linux, "net", drivers__net__x_c="z\n")
    save(linux, "mm: a comment", mm__b_c="/* new */\none\ntwo /* 2 */\nthree\nBAD(old)\n")
    good = save(linux, "mm: good", mm__b_c="one\ntwo\n")
    result, look = ask(linux, span=f"{base}..HEAD")
    assert look.trees == [base, bad, good]
    assert [(one.fingerprint, one.cause and one.cause.commit) for one in result.findings] == [("mm/c.c:c", bad)]
    assert names(result.fixed) == ["mm/b.c:old"]
    assert result.change is not None
    assert [part.relevant for part in result.change.parts] == [False, True, False, False, True]
    result, look = ask(linux, span=f"{base}..", squash=True)
    assert look.trees == [base, good] and names(result.findings) == ["mm/c.c:c"]
    result, look = ask(linux, span="HEAD..HEAD")
    assert result.findings == () and look.trees == []
    for span, says in (("HEAD", r"two revisions"), ("nope..HEAD", "no commit 'nope'"), ("..", "two revisions"), ("HEAD..-x", "no commit")):
        with pytest.raises(UsageError, match=says):
            ask(linux, span=span)


def test_a_branch_begins_where_it_parted(linux: Path) -> None:
    base = git(linux, "rev-parse", "HEAD")
    git(linux, "checkout", "-q", "-b", "topic")
    topic = save(linux, "topic", mm__c_c="BAD(c)\n")
    git(linux, "checkout", "-q", "main")
    save(linux, "main", mm__b_c="BAD(main)\n")
    for span in ("main..topic", "main...topic"):
        result, look = ask(linux, span=span)
        assert look.trees == [base, topic] and names(result.findings) == ["mm/c.c:c"]
    git(linux, "merge", "-q", "--no-edit", "topic")
    result, look = ask(linux, span=f"{base}..HEAD")
    assert names(result.findings) == ["mm/b.c:main", "mm/c.c:c"] and len(look.trees) == 3


def test_the_index_counts_and_not_the_work_tree(linux: Path) -> None:
    write(linux, "mm/c.c", "BAD(c)\n")
    assert ask(linux, staged=True)[1].trees == []
    git(linux, "add", "-A")
    write(linux, "mm/c.c", "fine\n")
    write(linux, "mm/d.c", "BAD(d)\n")
    result, look = ask(linux, staged=True)
    assert names(result.findings) == ["mm/c.c:c"]
    assert look.trees == [git(linux, "rev-parse", "HEAD"), None]


def test_before_the_first_commit_everything_is_new(tmp_path: Path, linux: Path) -> None:
    shutil.rmtree(linux / ".git")
    git(linux, "init", "-q")
    git(linux, "add", "-A")
    result, look = ask(linux, staged=True)
    assert names(result.findings) == ["mm/b.c:old"] and look.trees == [None]


def test_conflicts_are_said(linux: Path) -> None:
    git(linux, "checkout", "-q", "-b", "other")
    save(linux, "other", mm__b_c="x\n")
    git(linux, "checkout", "-q", "main")
    save(linux, "main", mm__b_c="y\n")
    subprocess.run(["git", "merge", "-q", "other"], cwd=linux, capture_output=True, check=False)
    with pytest.raises(UsageError, match=r"mm/b\.c has conflicts"):
        ask(linux, staged=True)


def test_more_variants_are_new(linux: Path) -> None:
    result, _ = ask(linux, patch=("x", b"--- a/Kconfig\n+++ b/Kconfig\n@@ -1 +1,2 @@\n-# VARIANTS=nopv\n+# VARIANTS=nopv kvm\n+select A\n"))
    assert names(result.findings) == ["mm/b.c:old"]
    cause = result.findings[0].cause
    assert cause is not None
    assert (cause.file, cause.line) == ("Kconfig", 2)


def test_a_renamed_file_brings_nothing(linux: Path) -> None:
    git(linux, "mv", "mm/b.c", "mm/z.c")
    result, look = ask(linux, staged=True)
    assert (result.findings, result.fixed, len(look.trees)) == ((), (), 2)
    rename = b"diff --git a/mm/b.c b/mm/z.c\nsimilarity index 100%\nrename from mm/b.c\nrename to mm/z.c\n"
    git(linux, "reset", "-q", "--hard")
    assert ask(linux, patch=("x", rename))[0].findings == ()


def test_a_removed_file_fixes(linux: Path) -> None:
    git(linux, "rm", "-q", "mm/b.c")
    result, _ = ask(linux, staged=True)
    assert (names(result.fixed), result.findings) == (["mm/b.c:old"], ())


def test_a_binary_change_of_what_matters_is_a_gap(linux: Path) -> None:
    text = b"diff --git a/mm/b.c b/mm/b.c\nindex 1..2\nBinary files a/mm/b.c and b/mm/b.c differ\n"
    assert [gap.file for gap in ask(linux, patch=("x", text))[0].incomplete] == ["mm/b.c"]
    assert ask(linux, patch=("x", text.replace(b"mm/b.c", b"logo.gif")))[0].incomplete == ()


def test_three_way(linux: Path) -> None:
    (linux / "mm/b.c").write_text("one\ntwo\nthree\nfour\nfive\nsix\nseven\n")
    save(linux, "seven")
    (linux / "mm/b.c").write_text("one\nBAD(new)\nthree\nfour\nfive\nsix\nseven\n")
    diff = subprocess.run(["git", "diff"], cwd=linux, capture_output=True, check=True).stdout
    git(linux, "checkout", "-q", "mm/b.c")
    save(linux, "other context", mm__b_c="one\ntwo\nthree\nfour\n5\nsix\nseven\n")
    with pytest.raises(UsageError, match=r"hunk #1 of mm/b\.c"):
        ask(linux, patch=("x", diff))
    assert names(ask(linux, patch=("x", diff), three_way=True)[0].findings) == ["mm/b.c:new"]
    save(linux, "conflict", mm__b_c="one\n2\nthree\nfour\n5\nsix\nseven\n")
    with pytest.raises(UsageError, match=r"--3way: the merge has conflicts .1; the first at line 2."):
        ask(linux, patch=("x", diff), three_way=True)
    with pytest.raises(UsageError, match=r"--3way: the repository has no blob"):
        ask(linux, patch=("x", NEW.replace(b"-two", b"-nothing")), three_way=True)


def test_nothing_of_the_repository_is_run(linux: Path, tmp_path: Path) -> None:
    mark, script = tmp_path / "ran", tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {mark}\ncat\n")
    script.chmod(0o755)
    write(linux, "mm/c.c", "BAD(c)\n")
    git(linux, "add", "-A")
    git(linux, "commit", "-q", "-m", "bad")
    write(linux, "mm/d.c", "BAD(d)\n")
    git(linux, "add", "-A")
    write(linux, ".gitattributes", "* filter=evil diff=evil merge=evil\n")
    with open(linux / ".git/config", "a", encoding="utf-8") as config:
        for word in ("core.fsmonitor", "core.sshCommand", "core.pager", "diff.external", "gpg.program", "core.alternateRefsCommand"):
            section, _, key = word.partition(".")
            config.write(f"[{section}]\n\t{key} = {script}\n")
        config.write(f"[core]\n\thooksPath = {tmp_path}\n[log]\n\tshowSignature = true\n[credential]\n\thelper = !{script}\n")
        config.write("".join(f"[alias]\n\t{word} = !{script}\n" for word in ("rev-list", "diff-tree", "ls-files", "merge-file", "diff-index")))
        config.write(f'[filter "evil"]\n\tsmudge = {script}\n\tclean = {script}\n\tprocess = {script}\n[diff "evil"]\n\ttextconv = {script}\n')
        config.write(f'[merge "evil"]\n\tdriver = {script} %A\n[remote "origin"]\n\turl = ext::{script}\n\tpromisor = true\n')
        config.write("[protocol]\n\tallow = always\n[extensions]\n\tpartialClone = origin\n[core]\n\trepositoryformatversion = 1\n")
    for hook in ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman"):
        shutil.copy(script, linux / ".git/hooks" / hook)
    assert names(ask(linux, staged=True)[0].findings) == ["mm/d.c:d"]
    assert names(ask(linux, span="HEAD^..HEAD")[0].findings) == ["mm/c.c:c"]
    assert names(ask(linux, "HEAD^", patch=("x", NEW))[0].findings) == ["mm/b.c:new"]
    assert not mark.exists()


def test_a_part_of_a_tree_is_enough(linux: Path) -> None:
    other = NEW.replace(b"mm/b.c", b"arch/arm64/mm/b.c")
    result, _ = ask(linux, patch=("x", NEW + other))
    assert names(result.findings) == ["mm/b.c:new"]
    with pytest.raises(UsageError, match=r"arch/arm64/mm/b\.c does not apply: there is no such file"):
        ask(linux, patch=("x", other))
    with pytest.raises(UsageError, match=r"mm/none\.c does not apply: there is no such file"):
        ask(linux, patch=("x", NEW + NEW.replace(b"mm/b.c", b"mm/none.c")))


# ---- with the analysis -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("demo") / "linux"
    shutil.copytree(DEMO, root)
    git(root, "init", "-q")
    git(root, "add", "-A", "-f")
    git(root, "commit", "-q", "-m", "demo")
    return root


def run(*words: str | Path, cwd: Path = ROOT, **more: Any) -> tuple[int, Any, str]:
    command = [sys.executable, "-m", "ptlint", *map(str, words)]
    done = subprocess.run(command, capture_output=True, cwd=cwd, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, **more)
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith(b"{") else done.stdout.decode(), done.stderr.decode()


def edit(root: Path, name: str, change: Callable[[str], str]) -> None:
    before = (root / name).read_text()
    assert change(before) != before
    (root / name).write_text(change(before))


CHECK = ("--variant", "nopv", "--format", "json", "-q", "--no-cache")


def test_a_patch_finds_what_the_patched_tree_has(demo: Path, tmp_path: Path) -> None:
    """With a header that comes, one that goes in favour of the generic one, and one that changes, in the precompiled header too."""
    patched = tmp_path / "patched"
    shutil.copytree(demo, patched, symlinks=True)
    edit(
        patched,
        "mm/collapse.c",
        lambda text: text.replace("\tpte_free_defer(mm, table);", "\tpte_now(mm, table);").replace("#include", "#include <linux/now.h>\n#include", 1),
    )
    (patched / "include/linux/now.h").write_text("static inline void pte_now(struct mm_struct *mm, pgtable_t table) { pte_free(mm, table); }\n")
    git(patched, "add", "-A")
    patch = git(patched, "diff", "--cached") + "\n"
    status, found, _ = run("check", demo, "--patch", "-", "--all", *CHECK, input=patch.encode())
    assert (status, found["incomplete"]) == (1, [])
    new = [one for one in found["findings"] if not one["known"]]
    assert [(one["rule"], one["location"]["function"]) for one in new] == [("PTL001", "retract_table")]
    assert new[0]["cause"]["file"] == "mm/collapse.c"
    assert "pte_now" in [step["function"] for step in new[0]["path"]]
    whole = run("check", patched, *CHECK)[1]["findings"]
    for one in (*found["findings"], *whole):
        del one["cause"], one["known"]
    assert sorted(map(json.dumps, found["findings"])) == sorted(map(json.dumps, whole))


def test_a_header_that_goes_is_missed(demo: Path, tmp_path: Path) -> None:
    diff = b"diff --git a/include/asm-generic/tlb.h b/include/asm-generic/tlb.h\ndeleted file mode 100644\nindex 1..0\n"
    status, found, _ = run("check", demo, "--patch", "-", *CHECK, input=diff)
    assert status == 2
    assert any("tlb.h" in gap["reason"] and "not found" in gap["reason"] for gap in found["incomplete"])


def test_what_does_not_matter_is_answered_at_once(demo: Path) -> None:
    done = run("check", demo, "--patch", "-", input=b"--- a/Documentation/x.rst\n+++ b/Documentation/x.rst\n@@ -0,0 +1 @@\n+x\n")
    assert (done[0], done[1]) == (0, "")
    assert done[2] == "ptlint: no new findings; nothing that is looked at is changed\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--patch", "none"), "--patch none: No such file"),
        (("--patch", "-", "--staged"), "only one change"),
        (("--range", "a..b", "--rev", "c"), "leave --rev out"),
        (("--3way",), "--3way belongs to --patch"),
        (("--squash",), "--squash belongs to"),
        (("--staged",), "not a git repository"),
    ],
)
def test_usage(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    status, out, err = run("check", DEMO, *words, input=b"")
    assert (status, out) == (2, "") and says in err and err.count("\n") == 1


def test_a_baseline(demo: Path, tmp_path: Path) -> None:
    cache = ("--cache-dir", tmp_path / "cache")
    file = tmp_path / "baseline.json"
    words = ("--variant", "nopv", "--format", "json", *cache)
    status, whole, _ = run("check", demo, *words, "--write-baseline", file)
    assert status == 1 and whole["findings"]
    document = json.loads(file.read_text())
    assert document["tool"]["name"] == "ptlint" and document["variants"] == ["nopv"]
    assert {entry["fingerprint"] for entry in document["findings"]} == {one["fingerprint"] for one in whole["findings"]}
    jsonschema.validate(document, json.loads((ROOT / "docs/schema/baseline.json").read_text()))
    status, found, err = run("check", demo, *words, "--baseline", file)
    assert (status, found["findings"], found["baseline"]["known"]) == (0, [], len(whole["findings"]))
    assert err == f"ptlint: no new findings; {len(whole['findings'])} in the baseline; {err.partition('baseline; ')[2]}"
    assert all(one["known"] for one in run("check", demo, *words, "--baseline", file, "--all")[1]["findings"])
    document["findings"][0]["severity"] = "note"
    document["findings"].append({**document["findings"][0], "fingerprint": "gone"})
    file.write_text(json.dumps(document))
    status, found, _ = run("check", demo, *words, "--baseline", file)
    assert (status, len(found["findings"]), found["baseline"]["gone"]) == (1, 1, 1)
    file.write_text("{}")
    for arguments, says in (
        (("--baseline", file), "not a baseline of ptlint"),
        (("--baseline", tmp_path / "none"), "No such file"),
        (("--write-baseline", file, "--staged"), "a whole tree"),
    ):
        status, _, err = run("check", demo, *words, *arguments)
        assert status == 2 and says in err and err.count("\n") == 1


def test_what_the_compiler_reads_matters_by_the_rules(demo: Path) -> None:
    _what_is_read_matters(demo)


@pytest.mark.kernel
def test_what_the_compiler_reads_of_a_kernel_matters_by_the_rules(kernel: Path) -> None:
    _what_is_read_matters(kernel)


def _what_is_read_matters(root: Path) -> None:
    relevance = Relevance(resources.rules())
    with open_tree(root) as tree:
        session = open_session(None, lambda _: None)
        _, read, _ = _look(Recorder(tree), RunOptions(tree=root, variants=("nopv",)), NullProgress(), session, b"")
    assert read
    sources = {path for path in read if not path.startswith(("/", "ptlint-"))}
    assert "mm/memory.c" in sources
    assert {path for path in sources if not relevance.path(path)} == set()
