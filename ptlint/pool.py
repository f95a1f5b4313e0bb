"""The processes that do the work, and what becomes of it when one of them does not come back."""

from __future__ import annotations

import concurrent.futures
import multiprocessing

import msgspec

from ptlint.progress import Progress
from ptlint.worker import Task, TaskResult, run_task

__all__ = ["run_all"]


def run_all(tasks: list[Task], jobs: int, progress: Progress) -> list[TaskResult]:
    """The results, in the order of the tasks, whatever order they come in. Builds with most units start first."""
    progress.stage("analysing", len(tasks))
    encoded = [msgspec.msgpack.encode(task) for task in tasks]
    found: dict[int, TaskResult] = {}
    order = sorted(range(len(tasks)), key=lambda index: -len(tasks[index].units))
    if jobs <= 1 or len(tasks) <= 1:
        for index in order:
            found[index] = msgspec.msgpack.decode(run_task(encoded[index]), type=TaskResult)
            progress.advance()
    else:
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(min(jobs, len(tasks)), mp_context=context) as pool:
            waiting = {pool.submit(run_task, encoded[index]): index for index in order}
            for future in concurrent.futures.as_completed(waiting):
                found[waiting[future]] = msgspec.msgpack.decode(future.result(), type=TaskResult)
                progress.advance()
    return [found[index] for index in range(len(tasks))]
