"""Blocking work in threads, each piece within a bounded time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import ParamSpec, TypeVar

from gavip_hub.domain.errors import EngineUnavailable

__all__ = ["BoundedWork"]

P = ParamSpec("P")
T = TypeVar("T")


class BoundedWork:
    """Runs blocking calls of an engine in threads of its own.

    Parameters
    ----------
    engine
        What people call the engine, for the error.
    timeout
        How long a call may take before the engine counts as away.
    workers
        How many calls may be under way at a time.
    """

    def __init__(self, engine: str, timeout: timedelta, workers: int = 16) -> None:
        self._engine = engine
        self._timeout = timeout
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix=engine)

    async def run(
        self, work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Return what the work returns.

        Raises
        ------
        EngineUnavailable
            Raised if it takes longer than the time-out. The thread may go on.
        """
        return await self.run_within(timedelta(0), work, *args, **kwargs)

    async def run_within(
        self,
        extra: timedelta,
        work: Callable[P, T],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do the same, with more time for work that waits on purpose."""
        total = self._timeout + extra
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))
        try:
            return await asyncio.wait_for(future, total.total_seconds())
        except TimeoutError as error:
            raise EngineUnavailable(
                f"The {self._engine} engine gave no answer within "
                f"{total.total_seconds():g} s; see whether it hangs."
            ) from error

    def close(self) -> None:
        """Take no more work; what is under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)
