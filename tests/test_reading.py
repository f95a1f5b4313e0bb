"""What is known of a build from earlier runs, and what a process that does not come back costs."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cases import DEMO

from ptlint import worker
from ptlint.options import RunOptions
from ptlint.outcome import Outcome
from ptlint.pipeline import run
from ptlint.pool import Job, Lost, Pool
from ptlint.progress import NullProgress
from ptlint.worker import AnalyseTask, ParseTask

pytestmark = pytest.mark.slow  # whole runs, many times over

Tasks = list[ParseTask | AnalyseTask]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEMO, tmp_path / "demo"))


@pytest.fixture
def tasks(monkeypatch: pytest.MonkeyPatch) -> Tasks:
    """What the workers were given."""
    seen: Tasks = []
    real = worker.run_task

    def spy(data: bytes) -> bytes:
        seen.append(msgspec.msgpack.decode(data, type=ParseTask | AnalyseTask))
        return real(data)

    monkeypatch.setattr(worker, "run_task", spy)
    return seen


def look(tree: Path, cache: Path | None) -> Outcome:
    time.sleep(0.03)
    return run(RunOptions(tree=tree, variants=("nopv",), cache_dir=cache, no_cache=cache is None), NullProgress())


def said(outcome: Outcome) -> bytes:
    return msgspec.json.encode((outcome.check((), (), ()), outcome.inventory()))


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


def test_only_what_changed_is_read_and_nothing_analysed_where_nothing_is_new(tree: Path, tmp_path: Path, tasks: Tasks) -> None:
    first = look(tree, tmp_path / "cache")
    assert [type(task) for task in tasks] == [ParseTask, AnalyseTask]
    tasks.clear()
    append(tree / "mm/memory.c", "/* at the end, where it moves no line */\n")
    second = look(tree, tmp_path / "cache")
    assert [[file for file, _ in task.units] for task in tasks if isinstance(task, ParseTask)] == [["mm/memory.c"]]
    assert not any(isinstance(task, AnalyseTask) for task in tasks)
    assert said(first) == said(second)


def test_a_header_that_changes_nothing_costs_reading_only(tree: Path, tmp_path: Path, tasks: Tasks) -> None:
    first = look(tree, tmp_path / "cache")
    tasks.clear()
    append(tree / "include/linux/mm.h", "/* at the end */\n")
    assert said(look(tree, tmp_path / "cache")) == said(first)
    assert [type(task) for task in tasks] == [ParseTask]


DEEP = "\nstatic inline int deep(int x) { return x + 1; }\nstatic inline int unheard_of(int x) { return deep(x); }\n"
BOUND = "\nstatic inline void unheard_of(struct mmu_gather *tlb, pgtable_t t) { pte_free_tlb(tlb, t, 0); }\n"


@pytest.mark.parametrize(
    ("header", "code", "read"),
    [
        (DEEP, "\nint heard(int x) { return unheard_of(x); }\n", 1),
        # What it calls stands in a header that not all units have: it is not the same for all, and goes with nothing from before.
        (BOUND, "\nvoid heard(struct mmu_gather *tlb, pgtable_t t) { unheard_of(tlb, t); }\n", 11),
    ],
)
def test_a_function_of_a_header_that_nobody_named_before(tree: Path, tmp_path: Path, tasks: Tasks, header: str, code: str, read: int) -> None:
    path = tree / "include/linux/mm.h"
    before, end, _ = path.read_text().rpartition("#endif")
    path.write_text(before + header + end + "\n")
    look(tree, tmp_path / "cache")
    append(tree / "mm/memory.c", code)
    tasks.clear()
    warm = look(tree, tmp_path / "cache")
    assert [len(task.units) for task in tasks if isinstance(task, ParseTask)][-1:] == [read]
    assert said(warm) == said(look(tree, None))


def test_without_the_functions_of_the_header_all_is_read_again(tree: Path, tmp_path: Path, tasks: Tasks) -> None:
    first = look(tree, tmp_path / "cache")
    with sqlite3.connect(tmp_path / "cache" / "ptlint.sqlite") as connection:
        connection.execute("DELETE FROM entry WHERE kind IN ('shared', 'outcome')")
    connection.close()
    tasks.clear()
    assert said(look(tree, tmp_path / "cache")) == said(first)
    assert [len(task.units) for task in tasks if isinstance(task, ParseTask)] == [first.check((), (), ()).stats.units]


def test_a_unit_that_kills_its_reader_is_one_gap_and_nothing_is_kept(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_jobs(_: Pool, jobs: list[Job], done: Any) -> None:
        todo = list(jobs)
        while todo:
            job = todo.pop()
            task = msgspec.msgpack.decode(job.data, type=ParseTask | AnalyseTask)
            dies = isinstance(task, ParseTask) and any(file == "mm/mmap.c" for file, _ in task.units)
            todo += done(job, Lost("was ended") if dies else worker.run_task(job.data))

    monkeypatch.setattr(Pool, "run", run_jobs)
    found = look(tree, tmp_path / "cache").check((), (), ())
    assert [(gap.file, gap.reason) for gap in found.incomplete] == [("mm/mmap.c", "the process that read it was ended")]
    assert found.findings
    monkeypatch.undo()
    assert look(tree, tmp_path / "cache").check((), (), ()).incomplete == ()


def test_an_analysis_that_does_not_come_back_is_a_gap(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run_jobs(_: Pool, jobs: list[Job], done: Any) -> None:
        todo = list(jobs)
        while todo:
            job = todo.pop()
            task = msgspec.msgpack.decode(job.data, type=ParseTask | AnalyseTask)
            todo += done(job, Lost("was ended") if isinstance(task, AnalyseTask) else worker.run_task(job.data))

    monkeypatch.setattr(Pool, "run", run_jobs)
    found = look(tree, None).check((), (), ())
    assert [(gap.file, gap.reason) for gap in found.incomplete] == [(".", "the process that analysed this build was ended")]


def test_a_symbol_says_that_flushes_may_go_by_broadcast(tree: Path, tasks: Tasks) -> None:
    look(tree, None)
    append(tree / "arch/x86/Kconfig", "\nconfig BROADCAST_TLB_FLUSH\n\tdef_bool y\n\tdepends on 64BIT\n")
    look(tree, None)
    assert [task.broadcasts for task in tasks if isinstance(task, AnalyseTask)] == [False, True]
