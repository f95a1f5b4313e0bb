"""The cache: a result from it is what a fresh run would say, whatever happened to the tree, the rules, or the cache's own file."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import git
import msgspec
import pytest
from cases import DEMO, ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ptlint import resources
from ptlint.cache import (
    LIMIT,
    Precompiled,
    Recorder,
    Session,
    Store,
    facts_of,
    keep_file,
    lookups,
    open_session,
    take_file,
    tool_identity,
)
from ptlint.cache.facts import Index, WorkFacts
from ptlint.errors import Unreadable, UsageError
from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.pipeline import look as look_at
from ptlint.pipeline import run
from ptlint.progress import NullProgress
from ptlint.tree import open_tree
from ptlint.tree.overlay import Overlay

pytestmark = pytest.mark.slow  # whole runs, many times over

FILES = ("mm/memory.c", "mm/pt_reclaim.c", "include/linux/mm.h", "arch/x86/include/asm/pgtable.h", "arch/x86/Kconfig", "mm/Makefile")
Change = Callable[[Path], None]


class Notices(NullProgress):
    """Keeps what the user would be told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def notice(self, text: str) -> None:
        self.texts.append(text)


def look(tree: Path, cache: Path | None, rev: str | None = None, notices: Notices | None = None) -> Outcome:
    time.sleep(0.03)  # what was written just now is older than the run
    options = RunOptions(tree=tree, rev=rev, variants=("nopv",), cache_dir=cache, no_cache=cache is None)
    return run(options, notices or NullProgress())


def said(outcome: Outcome) -> bytes:
    """The bytes of all that is reported."""
    return msgspec.json.encode((outcome.check((), (), ()), outcome.inventory(), outcome.variants()))


def cached(outcome: Outcome) -> bool:
    return "from the cache" in outcome.statistics()


@pytest.fixture(scope="session")
def primed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that knows the demo."""
    folder = tmp_path_factory.mktemp("primed")
    assert not cached(look(DEMO, folder))
    return folder


@pytest.fixture
def cache(primed: Path, tmp_path: Path) -> Path:
    """A cache of its own that knows the demo."""
    return Path(shutil.copytree(primed, tmp_path / "cache"))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


# ---- results -----------------------------------------------------------------------------------------------


def _append(file: str, text: str) -> Change:
    def change(tree: Path) -> None:
        path = tree / file
        path.write_text(path.read_text() + text)

    return change


def _same_size(tree: Path) -> None:
    """Another content with the size and the time of the old one."""
    path = tree / "mm/memory.c"
    before, state = path.read_text(), path.stat()
    assert "pmd_clear(" in before
    path.write_text(before.replace("pmd_clear(", "pmd_cleat(", 1))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def _shadow(tree: Path) -> None:
    """A header in a folder that is searched before the one where it was found."""
    (tree / "arch/x86/include/linux").mkdir(parents=True, exist_ok=True)
    (tree / "arch/x86/include/linux/rcupdate.h").write_text("#error this one is found first\n")


def _link(tree: Path) -> None:
    path = tree / "mm/internal.h"
    path.rename(tree / "mm/internal-1.h")
    (tree / "mm/internal-2.h").write_text((tree / "mm/internal-1.h").read_text() + "#error the other one\n")
    path.symlink_to("internal-1.h")


def _relink(tree: Path) -> None:
    path = tree / "mm/internal.h"
    if path.is_symlink():
        path.unlink()
        path.symlink_to("internal-2.h")


def _moved(tree: Path) -> None:
    """All functions of a file stand further down."""
    path = tree / "mm/memory.c"
    head, _, rest = path.read_text().rpartition("#include")
    include, _, rest = rest.partition("\n")
    path.write_text(f"{head}#include{include}\n\n/* moved */\n{rest}")


def _callee(tree: Path) -> None:
    """A function that others call does less."""
    path = tree / "arch/x86/mm/pgtable.c"
    path.write_text(path.read_text().replace("pagetable_dtor(page_ptdesc(pte));", ";"))


CHANGES: dict[str, Change] = {
    "moved": _moved,
    "callee": _callee,
    "same size": _same_size,
    "shadow": _shadow,
    "link": _link,
    "relink": _relink,
    "deleted": lambda tree: (tree / "mm/gup.c").unlink(missing_ok=True),
    "new": lambda tree: (tree / "mm/new.c").write_text("void f(void) { }\n"),  # type: ignore[dict-item]
    "touched": lambda tree: os.utime(tree / "mm/memory.c"),
    "nothing": lambda tree: None,
    "documentation": lambda tree: (tree / "README").write_text(str(time.time_ns())),  # type: ignore[dict-item]
    "kconfig": lambda tree: (tree / "mm/Kconfig").write_text((tree / "mm/Kconfig").read_text().replace("default y", "default n")),  # type: ignore[dict-item]
    **{f"append to {file}": _append(file, "\n# c\n" if "/" in file and not file.endswith((".c", ".h")) else "\n/* c */\n") for file in FILES},
    "function": _append("mm/memory.c", "\nvoid another(struct mmu_gather *tlb, pgtable_t token) { pte_free_tlb(tlb, token, 0); }\n"),
    "broken": _append("include/linux/mm.h", "\nint = ;\n"),
}


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(sorted(CHANGES)), min_size=1, max_size=2))
def test_cold_and_warm_say_the_same_whatever_was_changed(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("edits")
    tree, cache = Path(shutil.copytree(DEMO, folder / "demo", symlinks=True)), folder / "cache"
    look(tree, cache)
    for name in names:
        if name in ("link",) and (tree / "mm/internal.h").is_symlink():
            continue
        CHANGES[name](tree)
        try:
            fresh = said(look(tree, None))
        except (UsageError, Unreadable) as error:
            with pytest.raises(type(error)):
                look(tree, cache)
            continue
        assert said(look(tree, cache)) == fresh, names
        again = look(tree, cache)
        assert said(again) == fresh, names
        assert cached(again)


@pytest.mark.parametrize("name", ["same size", "shadow", "deleted", "kconfig", "function", "broken", "new"])
def test_what_matters_is_seen(tree: Path, cache: Path, name: str) -> None:
    assert cached(look(tree, cache))
    CHANGES[name](tree)
    now = look(tree, cache)
    assert not cached(now)


def test_a_changed_link_is_seen(tree: Path, tmp_path: Path) -> None:
    _link(tree)
    first = look(tree, tmp_path / "cache")
    _relink(tree)
    second = look(tree, tmp_path / "cache")
    assert first.check((), (), ()).incomplete == ()
    assert "the other one" in second.check((), (), ()).incomplete[0].reason


@pytest.mark.parametrize("name", ["nothing", "documentation", "touched"])
def test_what_does_not_matter_costs_nothing(tree: Path, cache: Path, name: str) -> None:
    CHANGES[name](tree)
    assert cached(look(tree, cache))


def test_back_to_what_was_there_before(tree: Path, cache: Path) -> None:
    before = (tree / "mm/memory.c").read_text()
    first = look(tree, cache)
    CHANGES["function"](tree)
    second = look(tree, cache)
    (tree / "mm/memory.c").write_text(before)
    again = look(tree, cache)
    assert [cached(first), cached(second), cached(again)] == [True, False, True]
    assert said(first) == said(again) != said(second)


def test_a_commit_that_changes_nothing_that_matters(tree: Path, tmp_path: Path) -> None:
    repository = git.Repo.init(tree)
    repository.git.add(".")
    repository.git.execute(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"])
    first = look(tree, tmp_path / "cache", "HEAD")
    (tree / "README").write_text("read me")
    repository.git.add(".")
    repository.git.execute(["git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "two"])
    second = look(tree, tmp_path / "cache", "HEAD")
    assert cached(second)
    assert second.commit == str(repository.head.commit) != first.commit
    assert said(look(tree, None, "HEAD")) == said(second)
    repository.close()


def test_options_and_tool_are_part_of_the_key(tree: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dotconfig = tmp_path / "config"
    dotconfig.write_text("CONFIG_X86_64=y\n")
    base = RunOptions(tree=tree, variants=("nopv",), cache_dir=cache)
    for changed in ({"variants": ("nopv", "native")}, {"config": dotconfig}):
        assert not cached(run(msgspec.structs.replace(base, **changed), NullProgress())), changed
    rules = Path(shutil.copytree(resources.rules(), tmp_path / "rules"))
    (rules / "border.toml").write_text((rules / "border.toml").read_text() + "\n# changed\n")
    before = tool_identity()
    monkeypatch.setattr(resources, "rules", lambda: rules)
    assert tool_identity() != before
    assert not cached(look(tree, cache))


def test_a_tree_that_is_edited_meanwhile_is_not_kept(tree: Path, tmp_path: Path) -> None:
    session = open_session(tmp_path, pytest.fail)
    with open_tree(tree) as opened:
        recorder = Recorder(opened)
        recorder.read("mm/memory.c")
        time.sleep(0.03)
        CHANGES["function"](tree)
        assert not session.keep(opened, "outcome", b"key", recorder.deps({}, {}), b"data")
        assert session.find(opened, "outcome", b"key") is None


# ---- facts -------------------------------------------------------------------------------------------------


def test_a_fresh_time_is_not_relied_on(tree: Path) -> None:
    with open_tree(tree) as opened:
        facts = facts_of(opened, None)
        assert isinstance(facts, WorkFacts)
        facts.source("mm/memory.c")
        assert facts.lasting(time.time_ns()) == Index()
        assert facts.lasting(time.time_ns() + 10**10).files == facts.index.files != {}


def test_lookups_name_every_place() -> None:
    text = {"mm/a.c": b'#include <linux/x.h>\n# include "b.h"\n#if __has_include("c.h")\n', "include/linux/x.h": b"#include GENERATED\n"}
    found = lookups(text, ["arch/x86/include", "include", ""], ["linux/k.h"], text.__getitem__)
    assert {"arch/x86/include/linux/x.h", "mm/b.h", "include/b.h", "b.h", "mm/c.h", "arch/x86/include/c.h", "linux/k.h"} <= found
    assert not any(path.startswith(("/", "..")) for path in lookups(["a.c"], [""], [], lambda _: b'#include "../../x.h"\n#include "/etc/x"\n'))


# ---- the file ----------------------------------------------------------------------------------------------


def store(folder: Path, texts: list[str] | None = None, limit: int = LIMIT) -> Store:
    return Store(folder, (texts if texts is not None else []).append, limit)


def test_what_is_put_comes_back(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.put("a", b"key", b"data", b"tag", b"deps")
    one.close()
    two = store(tmp_path)
    assert two.candidates("a", b"key") == [(b"tag", b"deps")]
    assert two.get("a", b"key", b"tag") == b"data"
    assert two.get("b", b"key", b"tag") is None
    assert two.info().entries == {"a": (1, 8)}
    assert two.clear() == 1
    assert two.get("a", b"key", b"tag") is None


@pytest.mark.parametrize("damage", [b"no database at all, and long enough to be looked at" * 20, b"", b"SQLite format 3\0" + b"\1" * 4000])
def test_a_broken_file_starts_anew_and_says_so_once(tmp_path: Path, damage: bytes) -> None:
    before = store(tmp_path)
    before.put("a", b"k", b"d")
    before.close()
    for name in tmp_path.iterdir():
        name.write_bytes(damage)
    texts: list[str] = []
    one = store(tmp_path, texts)
    assert one.get("a", b"k") is None
    one.put("a", b"k", b"d")
    assert one.get("a", b"k") == b"d"
    assert len(texts) == (1 if damage else 0)


def test_a_damaged_entry_is_dropped(tmp_path: Path) -> None:
    store(tmp_path).put("a", b"k", b"data")
    with sqlite3.connect(tmp_path / "ptlint.sqlite") as connection:
        connection.execute("UPDATE entry SET data = ?", (b"date",))
    connection.close()
    texts: list[str] = []
    assert store(tmp_path, texts).get("a", b"k") is None
    assert "damaged" in texts[0]


def test_a_damaged_entry_among_others_is_dropped(tmp_path: Path) -> None:
    one = store(tmp_path)
    one.put("a", b"k", b"data", b"one")
    one.put("a", b"k", b"more", b"two")
    one.close()
    with sqlite3.connect(tmp_path / "ptlint.sqlite") as connection:
        connection.execute("UPDATE entry SET data = ? WHERE tag = ?", (b"date", b"one"))
    connection.close()
    texts: list[str] = []
    again = store(tmp_path, texts)
    assert again.entries("a", b"k") == [(b"two", b"", b"more")]
    assert "damaged" in texts[0]
    assert again.info().entries == {"a": (1, 4)}


def test_where_nothing_can_be_written_it_works_and_says_so_once(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    notices = Notices()
    first = look(tree, tmp_path / "file" / "cache", notices=notices)
    assert len(notices.texts) == 1
    assert "cannot be used" in notices.texts[0]
    assert said(first) == said(look(tree, None))


def test_a_full_disk_is_no_error(tmp_path: Path) -> None:
    texts: list[str] = []
    one = store(tmp_path, texts)
    one.put("a", b"k", b"d")
    assert one._connection is not None
    one._connection.execute("PRAGMA max_page_count = 5")
    one.put("a", b"large", b"d" * 100_000)
    assert one.get("a", b"large") is None
    assert len(texts) == 1
    assert "full" in texts[0]
    assert store(tmp_path).get("a", b"k") == b"d"


def test_it_does_not_outgrow_its_limit(tmp_path: Path) -> None:
    one = store(tmp_path, limit=10_000)
    for number in range(10):
        one.put("a", bytes([number]), b"d" * 2000)
    assert one._connection is not None
    one._connection.execute("UPDATE entry SET used = used - 2 * 3600")
    one.touch("a", b"\0")
    assert one.prune() == 5
    assert one.get("a", b"\0") is not None
    assert one.get("a", b"\1") is None
    one.put("a", b"huge", b"d" * 9000)
    assert one.get("a", b"huge") is None


_WRITER = """
import sys, time
from pathlib import Path
from ptlint.cache import Store
store = Store(Path(sys.argv[1]), lambda text: None, 1 << 30)
print("started", flush=True)
for number in range(3000):
    store.put("a", sys.argv[2].encode(), bytes([number % 256]) * 50_000)
    time.sleep(0.002)
"""


def test_several_processes_that_are_killed_at_any_moment(tmp_path: Path) -> None:
    first = store(tmp_path)
    for name in b"xyz":
        first.put("a", bytes([name]), b"\0" * 50_000)
    command = [sys.executable, "-c", _WRITER, str(tmp_path)]
    writers = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True, cwd=ROOT) for name in "xyz"]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "started\n"
        time.sleep(0.2)
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
    texts: list[str] = []
    one = store(tmp_path, texts)
    for name in b"xyz":
        data = one.get("a", bytes([name]))
        assert data is not None
        assert len(data) == 50_000
        assert len(set(data)) == 1
    assert texts == []


def test_the_command(tmp_path: Path) -> None:
    store(tmp_path).put("outcome", b"k", b"data")
    environment = {**os.environ, "PTLINT_CACHE_DIR": str(tmp_path)}

    def ptlint(*words: str) -> str:
        command = [sys.executable, "-m", "ptlint", "cache", *words]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, check=True).stdout

    assert "outcome: 1 entries" in ptlint("info")
    assert ptlint("prune", "--limit", "0") == "1 entries dropped, and 0 precompiled headers\n"
    assert ptlint("clear") == "0 entries dropped\n"


def test_the_command_drops_precompiled_headers(tmp_path: Path) -> None:
    path = made(tmp_path, b"data")
    Precompiled(tmp_path).keep("slot", b"identity", path)
    environment = {**os.environ, "PTLINT_CACHE_DIR": str(tmp_path)}
    for words, left in ((("info",), True), (("prune",), True), (("prune", "--limit", "0"), False)):
        subprocess.run([sys.executable, "-m", "ptlint", "cache", *words], check=True, capture_output=True, env=environment, cwd=ROOT)
        assert Path(path).exists() is left
    path = made(tmp_path, b"data")
    subprocess.run([sys.executable, "-m", "ptlint", "cache", "clear"], check=True, capture_output=True, env=environment, cwd=ROOT)
    assert not Path(path).exists()


def test_precompiled_headers_that_were_used_last_stay_longest(tmp_path: Path) -> None:
    kept = Precompiled(tmp_path)
    paths = [made(tmp_path, bytes([number]) * 1000) for number in range(3)]
    for number, path in enumerate(paths):
        kept.keep(f"slot{number}", b"identity", path)
        os.utime(kept.folder / f"slot{number}.note", (number, number))
    assert kept.prune(1 << 20) == 0
    assert kept.prune(1500) == 2
    assert [Path(path).exists() for path in paths] == [False, False, True]


# ---- precompiled headers -----------------------------------------------------------------------------------


def made(folder: Path, data: bytes) -> str:
    """A precompiled header, as far as the cache cares, that was put among those that are kept."""
    (folder / "new.pch").write_bytes(data)
    (folder / "new.pch.files").write_bytes(b"[]")
    return keep_file(str(folder / "new.pch"), str(Precompiled(folder).folder))


def test_a_precompiled_header_is_found_by_what_it_was_made_of(tmp_path: Path) -> None:
    kept = Precompiled(tmp_path)
    assert kept.find("slot", b"identity") == ""
    path = made(tmp_path, b"data")
    kept.keep("slot", b"identity", path)
    assert kept.find("slot", b"identity") == path
    assert kept.find("slot", b"another") == ""
    assert kept.find("another", b"identity") == ""
    assert take_file(path, str(tmp_path / "mine.pch"))
    assert (tmp_path / "mine.pch").read_bytes() == b"data"
    kept.drop(path)
    assert kept.find("slot", b"identity") == ""
    assert not take_file(path, str(tmp_path / "other.pch"))


@pytest.mark.parametrize("end", ["", ".files"])
def test_a_damaged_precompiled_header_is_none(tmp_path: Path, end: str) -> None:
    kept = Precompiled(tmp_path)
    path = made(tmp_path, b"data")
    kept.keep("slot", b"identity", path)
    Path(path + end).write_bytes(b"damage")
    assert kept.find("slot", b"identity") == ""


def test_only_some_precompiled_headers_are_kept(tmp_path: Path) -> None:
    kept = Precompiled(tmp_path)
    paths = []
    for number in range(14):
        path = made(tmp_path, b"%d" % number)
        os.utime(path, (1, 1))
        kept.keep(f"slot{number}", b"identity", path)
        os.utime(kept.folder / f"slot{number}.note", (number + 2, number + 2))
        paths.append(path)
    assert [bool(kept.find(f"slot{number}", b"identity")) for number in (0, 13)] == [False, True]
    assert not Path(paths[0]).exists()


def test_the_precompiled_header_is_used_again_while_no_header_changes(tree: Path, tmp_path: Path) -> None:
    cache = tmp_path / "other"
    look(tree, cache)
    before = set((cache / "headers").glob("*.pch"))
    assert before
    _callee(tree)
    fresh = said(look(tree, None))
    assert said(look(tree, cache)) == fresh
    assert set((cache / "headers").glob("*.pch")) == before
    _append("include/linux/mm.h", "\nint ptlint_more(void);\n")(tree)
    fresh = said(look(tree, None))
    assert said(look(tree, cache)) == fresh
    assert set((cache / "headers").glob("*.pch")) > before


def test_where_generated_headers_cannot_be_kept_nothing_is_lost(tree: Path, tmp_path: Path) -> None:
    cache = tmp_path / "other"
    (cache / "headers" / "made").mkdir(parents=True)
    (cache / "headers" / "made" / "generated").write_text("no folder")
    assert said(look(tree, cache)) == said(look(tree, None))
    assert not list((cache / "headers").glob("*.note"))


def test_a_commit_that_was_looked_at_is_known(tree: Path, tmp_path: Path) -> None:
    repository = git.Repo.init(tree)
    repository.git.add(all=True)
    repository.git.execute(["git", "-c", "user.name=n", "-c", "user.email=e", "commit", "-qm", "all"])
    assert not cached(look(tree, tmp_path / "other", rev="HEAD"))
    assert cached(look(tree, tmp_path / "other", rev="HEAD"))


def test_no_session_without_a_folder(tree: Path) -> None:
    session = Session(None)
    with open_tree(tree) as opened:
        assert session.find(opened, "outcome", b"") is None
    assert not session.active


def test_a_batch_is_kept_together(tmp_path: Path) -> None:
    one, two = store(tmp_path), store(tmp_path)
    with one.batch():
        one.put("a", b"x", b"1")
        one.put("a", b"y", b"2")
        assert two.get("a", b"x") is None
    assert [two.get("a", key) for key in (b"x", b"y")] == [b"1", b"2"]


def test_a_patch_that_changes_nothing_that_matters(tree: Path, cache: Path) -> None:
    options = RunOptions(tree=tree, variants=("nopv",), cache_dir=cache)
    memory = (tree / "mm/memory.c").read_bytes()
    time.sleep(0.03)
    for changed, known in (
        ({"README": b"new"}, True),
        ({"mm/memory.c": memory}, True),
        ({"mm/memory.c": memory + b"int f(void) { return 1; }\n"}, False),
        ({"mm/memory.c": memory + b"int f(void) { return 1; }\n", "README": b""}, True),
        ({"arch/x86/include/linux/mm.h": b"#error shadow\n"}, False),
        ({"mm/gup.c": None}, False),
    ):
        session = open_session(cache, pytest.fail)
        with open_tree(tree) as below:
            found = look_at(Overlay(below, changed), options, NullProgress(), session)
            session.close()
            assert cached(found) == known, changed
            fresh = look_at(Overlay(below, changed), options, NullProgress(), Session(None))
        assert said(found) == said(fresh), changed
