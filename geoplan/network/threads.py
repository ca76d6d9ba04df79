"""Threads for the compiled searches, which release the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

__all__ = ["in_threads", "worker_count"]


def worker_count() -> int:
    """Return how many threads search: ``OMP_NUM_THREADS`` where it is set, else one a processor."""
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(asked)) if asked.isdigit() else os.cpu_count() or 1


def in_threads(work: Callable[[range], None], jobs: int, workers: int) -> None:
    """Share out the numbers of jobs among threads, every so manieth to the same one."""
    workers = min(workers, jobs)
    if workers <= 1:
        work(range(jobs))
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, [range(first, jobs, workers) for first in range(workers)]))
