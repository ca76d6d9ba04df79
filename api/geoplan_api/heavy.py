"""Work that takes more than a moment: few threads, few waiting, a fair share for each client, an end."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from starlette.requests import Request

from geoplan_api.problems import ProblemError
from geoplan_api.settings import Settings

__all__ = ["Allowance", "Heavy", "heavy"]

_CLIENTS = 10_000


class Allowance:
    """
    How much each client may still ask: so many requests a minute, saved up for half a minute at most.

    Parameters
    ----------
    per_minute
        Requests a minute; 0 allows all.
    clock
        Returns seconds.
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second, self.most = per_minute / 60, max(1.0, per_minute / 2)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> float:
        """Take one request; return 0, or after how many seconds there is one [s]."""
        if not self.per_second:
            return 0.0
        now = self._clock()
        left, since = self._left.pop(client, (self.most, now))
        left = min(self.most, left + (now - since) * self.per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self.per_second
        self._left[client] = (left if wait else left - 1, now)
        if len(self._left) > _CLIENTS:
            self._left.popitem(last=False)
        return wait


class Heavy:
    """
    Run functions in threads, a bounded number at a time and waiting.

    Parameters
    ----------
    settings
        ``heavy_threads``, ``max_heavy``, ``heavy_rate_per_minute`` and ``answer_seconds`` are used.
    """

    def __init__(self, settings: Settings) -> None:
        self.most, self.seconds = settings.max_heavy, settings.answer_seconds
        self.running = 0
        self.allowance = Allowance(settings.heavy_rate_per_minute)
        self._threads = ThreadPoolExecutor(settings.heavy_threads, thread_name_prefix="geoplan-heavy")

    async def run(self, client: str, work: Callable[..., Any], *args: Any) -> Any:
        """
        Return what ``work(*args)`` returns.

        Raises
        ------
        ProblemError
            429 if the client asks too often, 503 if too much is waiting or it takes too long.
        """
        wait = self.allowance.take(client)
        if wait:
            raise ProblemError(429, "problem.too_often", retry_after=int(wait) + 1)
        if self.running >= self.most:
            raise ProblemError(503, "problem.busy", retry_after=1)
        self.running += 1
        future = asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        # a thread cannot be stopped: what it holds stays counted until it ends
        future.add_done_callback(self._ended)
        done, _ = await asyncio.wait((future,), timeout=self.seconds)
        if not done:
            future.cancel()
            raise ProblemError(503, "problem.too_slow", retry_after=5, seconds=f"{self.seconds:g}")
        return future.result()

    def _ended(self, future: asyncio.Future[Any]) -> None:
        self.running -= 1
        if not future.cancelled():
            future.exception()  # told to whoever waited, if anyone still does

    def stop(self) -> None:
        """Take no more work; what has not begun is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)


async def heavy(request: Request, work: Callable[..., Any], *args: Any) -> Any:
    """Run ``work(*args)`` for a request, see `Heavy.run`."""
    pool: Heavy = request.app.state.heavy
    client = request.client.host if request.client else ""
    return await pool.run(client, work, *args)
