"""The processes that do the work, and what becomes of it when one of them does not come back."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import NamedTuple, Protocol

__all__ = ["Job", "Lost", "run_jobs"]

_PATIENCE = 600.0  # seconds that one task may take
_START = 120.0  # seconds more, for a process that has yet to start
_TAKEN = b""  # what a worker says first: from here on its time runs. No answer is empty.


class Job(NamedTuple):
    """A task for a worker: ``name`` is for who asked, ``data`` what it is given. Of several the one with the largest ``weight`` goes first."""

    name: str
    data: bytes
    weight: float


class Lost(NamedTuple):
    """A worker did not come back from a job: why."""

    reason: str


Done = Callable[[Job, bytes | Lost], list[Job]]


class _Process(Protocol):
    def start(self) -> None: ...
    def kill(self) -> None: ...
    def join(self, timeout: float | None = None) -> None: ...


class _Worker:
    def __init__(self, run: Callable[[bytes], bytes]) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process: _Process = context.Process(target=_serve, args=(theirs, run), daemon=True)
        self.process.start()
        theirs.close()
        self.job: Job | None = None
        self.began = 0.0

    def give(self, job: Job) -> bool:
        """Hand over a job; False when nobody is there to take it."""
        self.job, self.began = job, time.monotonic() + _START
        try:
            self.connection.send_bytes(job.data)
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it, whatever it is at."""
        self.connection.close()
        self.process.kill()
        self.process.join(5)


def _serve(connection: Connection, run: Callable[[bytes], bytes]) -> None:
    """What a worker does until nobody is there any more."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        while True:
            data = connection.recv_bytes()
            connection.send_bytes(_TAKEN)
            connection.send_bytes(run(data))


def _end_with_parent() -> None:
    """Whoever is killed while a worker is at work leaves none behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def run_jobs(jobs: list[Job], run: Callable[[bytes], bytes], workers: int, done: Done, patience: float = _PATIENCE) -> None:
    """Have ``run``, a function of a module, run all jobs, and those that ``done`` gives back when it is told of a result.

    ``workers`` processes at most; with one, and one only, everything runs in this process. A worker that ends, or takes longer than
    ``patience`` seconds, is replaced, and its job is ``Lost``.
    """
    todo = list(jobs)
    if workers <= 1:
        while todo:
            job = _next(todo)
            todo += done(job, run(job.data))
        return
    staff: list[_Worker] = []
    try:
        while todo or any(worker.job for worker in staff):
            _hand_out(todo, staff, run, workers, done)
            busy = [worker for worker in staff if worker.job is not None]
            left = min((worker.began + patience - time.monotonic() for worker in busy), default=0.0)
            ready = set(wait([worker.connection for worker in busy], max(left, 0.0)))
            for worker in busy:
                at = worker.job
                late = time.monotonic() - worker.began >= patience
                if at is None or (worker.connection not in ready and not late):
                    continue
                answer = _answer(worker) if worker.connection in ready else Lost(f"took longer than {patience:.0f} seconds")
                if answer == _TAKEN:
                    worker.began = time.monotonic()
                    continue
                worker.job = None
                if isinstance(answer, Lost):
                    worker.stop()
                    staff.remove(worker)
                todo += done(at, answer)
    finally:
        for worker in staff:
            worker.stop()


def _next(todo: list[Job]) -> Job:
    return todo.pop(max(range(len(todo)), key=lambda index: (todo[index].weight, -index)))


def _hand_out(todo: list[Job], staff: list[_Worker], run: Callable[[bytes], bytes], workers: int, done: Done) -> None:
    while todo:
        worker = next((worker for worker in staff if worker.job is None), None)
        if worker is None:
            if len(staff) >= workers:
                return
            worker = _Worker(run)
            staff.append(worker)
        job = _next(todo)
        if not worker.give(job):
            worker.stop()
            staff.remove(worker)
            todo += done(job, Lost("was ended"))


def _answer(worker: _Worker) -> bytes | Lost:
    try:
        return worker.connection.recv_bytes()
    except (EOFError, OSError):
        return Lost("was ended")
