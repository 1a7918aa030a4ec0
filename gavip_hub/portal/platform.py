"""What the platform is, and whether all of it answers."""

from collections.abc import Awaitable, Callable

from gavip_hub.domain.errors import EngineUnavailable, GavipError
from gavip_hub.portal.board import Board
from gavip_hub.portal.ledger import Ledger
from gavip_hub.ports import Engine, EngineFacts

__all__ = ["Platform"]

OK = "ok"


class Platform:
    """Tells of the engine and of the health of everything.

    Parameters
    ----------
    ledger, board
        The record and the last look.
    engine
        Where sessions run.
    hub_answers
        Asks the hub whether it is there.
    """

    def __init__(
        self,
        ledger: Ledger,
        board: Board,
        engine: Engine,
        hub_answers: Callable[[], Awaitable[bool]],
    ) -> None:
        self._ledger = ledger
        self._board = board
        self._engine = engine
        self._hub_answers = hub_answers
        self._facts: EngineFacts | None = None

    async def engine_facts(self) -> EngineFacts:
        """Return what the engine is and enforces; the last answer while it is away."""
        if self._facts is None or self._board.engine_fault is not None:
            try:
                self._facts = await self._engine.facts()
            except EngineUnavailable as fault:
                return self._facts or EngineFacts("none", "", notes=(fault.message,))
        return self._facts

    async def health(self) -> dict[str, str]:
        """Return ``ok`` or what is wrong, for each part."""
        return {
            "database": await self._database(),
            "engine": self._board.engine_fault or OK,
            "hub": OK if await self._hub_answers() else "The hub does not answer.",
        }

    async def _database(self) -> str:
        try:
            await self._ledger.store.last_sequence()
        except GavipError as fault:
            return fault.message
        return OK
