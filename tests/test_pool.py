"""Workers that are killed, or hang, or find nothing to do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from pathlib import Path

import pytest

from ptlint.pool import Job, Lost, Pool


def work(data: bytes) -> bytes:
    """What the workers of these tests run."""
    if data == b"die":
        os.kill(os.getpid(), signal.SIGKILL)
    if data == b"hang":
        time.sleep(60)
    return data.upper()


def ran(jobs: list[Job], workers: int, patience: float = 30.0) -> dict[str, bytes | Lost]:
    found: dict[str, bytes | Lost] = {}

    def done(job: Job, answer: bytes | Lost) -> list[Job]:
        found[job.name] = answer
        return [Job("more", b"more", 1.0)] if job.name == "first" else []

    with Pool(work, workers) as pool:
        pool.run(jobs, done, patience)
    return found


@pytest.mark.parametrize("workers", [1, 2])
def test_all_jobs_and_those_that_follow_are_run(workers: int) -> None:
    assert ran([Job("first", b"a", 1.0), Job("second", b"b", 2.0)], workers) == {"first": b"A", "second": b"B", "more": b"MORE"}


def test_a_worker_that_is_killed_costs_its_own_job_only() -> None:
    assert ran([Job("x", b"die", 2.0), Job("y", b"b", 1.0), Job("z", b"c", 1.0)], 2) == {"x": Lost("was ended"), "y": b"B", "z": b"C"}


@pytest.mark.parametrize("workers", [1, 2])
def test_processes_that_start_early_are_those_that_work(workers: int) -> None:
    with Pool(work, workers) as pool:
        pool.warm(5)
        early = multiprocessing.active_children()
        found: dict[str, bytes | Lost] = {}

        def done(job: Job, answer: bytes | Lost) -> list[Job]:
            found[job.name] = answer
            return []

        pool.run([Job("x", b"a", 1.0), Job("y", b"b", 1.0)], done)
        assert found == {"x": b"A", "y": b"B"}
        assert multiprocessing.active_children() == early
        assert len(early) == (workers if workers > 1 else 0)
    assert multiprocessing.active_children() == []


def test_a_worker_that_hangs_is_ended() -> None:
    assert ran([Job("x", b"hang", 2.0), Job("y", b"b", 1.0)], 2, 2.0) == {"x": Lost("took longer than 2 seconds"), "y": b"B"}


def test_the_heaviest_goes_first(tmp_path: Path) -> None:
    seen: list[str] = []

    def done(job: Job, answer: bytes | Lost) -> list[Job]:
        seen.append(job.name)
        return []

    with Pool(work, 1) as pool:
        pool.run([Job("a", b"", 1.0), Job("b", b"", 3.0), Job("c", b"", 2.0)], done)
    assert seen == ["b", "c", "a"]
