"""The processes that do the work, and what becomes of it when one of them does not come back."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import NamedTuple, Protocol

__all__ = ["Job", "Lost", "Pool"]

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
    # Garbage is looked for between two jobs only, when nobody waits for an answer.
    gc.disable()
    with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        while True:
            data = [connection.recv_bytes()]
            connection.send_bytes(_TAKEN)
            connection.send_bytes(run(data.pop()))  # kept by nobody but who runs it
            _tidy()


def _tidy() -> None:
    """Give back to the system what is held no longer; the C library keeps free memory for itself until it is told (``malloc_trim(3)``, glibc)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _end_with_parent() -> None:
    """Whoever is killed while a worker is at work leaves none behind."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class Pool:
    """The processes that run a function of a module. To be closed, or used by ``with``."""

    def __init__(self, run: Callable[[bytes], bytes], workers: int) -> None:
        """``workers`` processes at most; with one, and one only, everything runs in this process."""
        self._run = run
        self._workers = workers
        self._staff: list[_Worker] = []

    def __enter__(self) -> Pool:
        """Nothing happens yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all processes."""
        for worker in self._staff:
            worker.stop()
        self._staff.clear()

    def warm(self, workers: int) -> None:
        """Let so many processes start while this one does something else: a process takes a while until it can work."""
        while len(self._staff) < min(workers, self._workers) and self._workers > 1:
            self._staff.append(_Worker(self._run))

    def run(self, jobs: list[Job], done: Done, patience: float = _PATIENCE) -> None:
        """Run all jobs, and those that ``done`` gives back when it is told of a result.

        A worker that ends, or takes longer than ``patience`` seconds, is replaced, and its job is ``Lost``.
        """
        todo = list(jobs)
        if self._workers <= 1:
            while todo:
                job = _next(todo)
                answer: bytes | Lost = self._run(job.data)
                _tidy()
                todo += done(job, answer)
            return
        _tidy()
        while todo or any(worker.job for worker in self._staff):
            self._hand_out(todo, done)
            busy = [worker for worker in self._staff if worker.job is not None]
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
                    self._dismiss(worker)
                todo += done(at, answer)
                del answer
                _tidy()

    def _hand_out(self, todo: list[Job], done: Done) -> None:
        while todo:
            worker = next((worker for worker in self._staff if worker.job is None), None)
            if worker is None:
                if len(self._staff) >= self._workers:
                    return
                worker = _Worker(self._run)
                self._staff.append(worker)
            job = _next(todo)
            if not worker.give(job):
                self._dismiss(worker)
                todo += done(job, Lost("was ended"))

    def _dismiss(self, worker: _Worker) -> None:
        worker.stop()
        self._staff.remove(worker)


def _next(todo: list[Job]) -> Job:
    return todo.pop(max(range(len(todo)), key=lambda index: (todo[index].weight, -index)))


def _answer(worker: _Worker) -> bytes | Lost:
    try:
        return worker.connection.recv_bytes()
    except (EOFError, OSError):
        return Lost("was ended")
