"""One thread that writes, and one commit for all who ask at the same time.

Whoever asks while a commit is on its way to the disk goes into the next one, so that a
burst costs a few waits for the disk instead of one each. Every ask has a savepoint of
its own: one that is refused leaves nothing behind and does not disturb the others.
Nobody gets an answer before the commit that carries it.
"""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar

from sqlalchemy import Connection

from gavip_hub.domain.errors import StoreFault, StoreUnavailable
from gavip_hub.store.database import Database, told_as_store_fault
from gavip_hub.store.leases import current_epoch

__all__ = ["Transaction", "Writer"]

T = TypeVar("T")


@dataclass(slots=True)
class Transaction:
    """What an ask finds when its turn comes."""

    connection: Connection
    epoch: int
    """The epoch in force; an ask that takes the lease sets the new one."""


@dataclass(frozen=True, slots=True)
class _Ask:
    work: Callable[[Transaction], Any]
    answer: Future[Any]


class Writer:
    """The thread, and the queue in front of it.

    Parameters
    ----------
    database
        Where to write.
    group_size
        Most asks that share a commit.
    """

    def __init__(self, database: Database, *, group_size: int = 64) -> None:
        self._database = database
        self._group_size = group_size
        self._asks: SimpleQueue[_Ask | None] = SimpleQueue()
        self._closing = Lock()
        self._closed = False
        self._thread = Thread(target=self._run, name="gavip-store-writer", daemon=True)
        self._thread.start()

    def ask(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Have work done in a transaction; the answer comes after its commit."""
        answer: Future[T] = Future()
        with self._closing:
            if self._closed:
                raise StoreUnavailable("The launch database was closed.")
            self._asks.put(_Ask(work, answer))
        return answer

    def close(self) -> None:
        """Finish what was asked, then end the thread."""
        with self._closing:
            if not self._closed:
                self._closed = True
                self._asks.put(None)
        self._thread.join()

    def _run(self) -> None:
        going_on = True
        while going_on:
            group: list[_Ask] = []
            going_on = self._collect(group)
            if group:
                self._serve(group)

    def _collect(self, group: list[_Ask]) -> bool:
        """Wait for an ask, and take those that came with it; tell whether to go on."""
        ask = self._asks.get()
        while ask is not None:
            if ask.answer.set_running_or_notify_cancel():
                group.append(ask)
            if len(group) >= self._group_size:
                return True
            try:
                ask = self._asks.get(block=not group)
            except Empty:
                return True
        return False

    def _serve(self, group: list[_Ask]) -> None:
        try:
            with self._database.writing() as connection:
                transaction = Transaction(connection, current_epoch(connection))
                outcomes = [(ask, *_attempt(transaction, ask)) for ask in group]
        except BaseException as error:  # noqa: BLE001  # each asker is told
            for ask in group:
                ask.answer.set_exception(_one_each(error))
            return
        for ask, result, refusal in outcomes:
            if refusal is None:
                ask.answer.set_result(result)
            else:
                ask.answer.set_exception(refusal)


def _one_each(error: BaseException) -> BaseException:
    """Return an error of this asker's own, since raising one changes it."""
    if not isinstance(error, StoreFault):
        return error
    own = type(error)(error.message)
    own.__cause__ = error.__cause__
    return own


def _attempt(transaction: Transaction, ask: _Ask) -> tuple[Any, BaseException | None]:
    """Do one ask in its savepoint; a fault of the whole database goes on upwards."""
    try:
        with told_as_store_fault(), transaction.connection.begin_nested():
            return ask.work(transaction), None
    except StoreUnavailable:
        raise
    except Exception as refusal:  # noqa: BLE001  # belongs to this asker alone
        return None, refusal
