"""The queue thought forward: who starts when, if everybody runs to the limit.

The first pass of a simulation is the decision itself; the later ones, each at the end
of a holder, give the estimates. Times are counted from the moment of the decision, so
that no clock and no calendar can run over.
"""

import heapq
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from gavip_hub.domain.launch import Launch
from gavip_hub.domain.phase import Phase
from gavip_hub.domain.resources import Resources
from gavip_hub.policy.eligibility import Share, can_ever_hold
from gavip_hub.policy.ordering import in_turn
from gavip_hub.policy.placement import (
    Holder,
    Place,
    best_place,
    fitting_places,
    most_free,
    places_of,
)
from gavip_hub.policy.plan import QueueState
from gavip_hub.policy.reservation import Reservation, reserve

__all__ = ["Candidate", "Simulation", "Start"]

LOOKAHEAD = 48
"""How many launches a pass in the future tries; it bounds the work of an estimate.

The first pass tries all of them.
"""

_ANY_MOMENT = timedelta(minutes=1)
"""When somebody whose limit has passed is expected to be gone."""


@dataclass(slots=True, eq=False)
class Candidate:
    """A launch that waits, ready to be thought through."""

    turn: int
    """Place among all that are queued, from 0; the order of the queue."""
    launch: Launch
    resources: Resources
    share: Share
    duration: timedelta
    """How long it holds its resources at the most."""
    shape: int
    """Same for those that ask for the same amounts and time."""
    possible: bool
    """Whether it could start at all, on an empty platform."""
    unfit_in: int = -1
    """The last pass in which no place had enough free for it."""


@dataclass(frozen=True, slots=True)
class Start:
    """A launch that starts, and what that leaves."""

    candidate: Candidate
    at: timedelta
    place: Place
    free_after: Resources
    """What is left of the place at once."""


class Simulation:
    """The queue and the nodes, from the moment of the decision on.

    Parameters
    ----------
    state
        All that the decision may depend on.
    now
        The moment of the decision.
    """

    def __init__(self, state: QueueState, now: datetime) -> None:
        self.at = timedelta(0)
        self.places = places_of(state.nodes)
        self.reservation: Reservation | None = None
        self._state = state
        self._shares: dict[str, Share] = {}
        self._ends: list[tuple[timedelta, int, Holder, Place | None]] = []
        self._serials = count()
        self._pass = 0
        self._freed: list[Place] = []
        self._attach_holders(now)
        self.candidates = self._line_up()
        self._queue = [one.turn for one in self.candidates if one.possible]
        self._waiting = len(self._queue)

    @property
    def competing(self) -> list[Candidate]:
        """Those who wait for their turn, in order, without those that a cap parks."""
        return [self.candidates[turn] for turn in self._queue]

    @property
    def kept_out(self) -> list[Candidate]:
        """Those who cannot compete: parked by a cap, or larger than anything here."""
        parked = {turn for share in self._shares.values() for turn in share.parked}
        return [
            one for one in self.candidates if one.turn in parked or not one.possible
        ]

    def run(self) -> Iterator[Start]:
        """Yield every later start, in the order of time, until nobody waits."""
        while self._waiting and self._ends:
            self._advance()
            yield from self.start_what_fits(LOOKAHEAD)

    def start_what_fits(self, lookahead: int | None = None) -> list[Start]:
        """Start, in order, whatever fits and delays nobody with a reservation.

        Whoever is first not to fit gets the reservation. What a cap of its owner keeps
        out is parked until one of the owner's ends. Free amounts only shrink during a
        pass, so that what failed once is not tried again in it.
        """
        starts: list[Start] = []
        left: list[int] = []
        failed: set[int] = set()
        scanned = 0
        self._begin_pass()
        kept, self.reservation = self.reservation, None
        for turn in self._queue:
            if lookahead is not None and len(left) >= lookahead:
                break
            scanned += 1
            one = self.candidates[turn]
            if not one.share.has_room_for(one.resources):
                insort(one.share.parked, turn)
                continue
            place = None if one.shape in failed else self._place_for(one)
            if place is not None and self._spares_head(one):
                starts.append(self._start(one, place))
                continue
            left.append(turn)
            if place is None:
                failed.add(one.shape)
            if self.reservation is None:
                same = kept is not None and kept.turn == turn and not starts
                self.reservation = (
                    kept if same else reserve(turn, one.resources, self.places)
                )
        self._queue[:scanned] = left
        self._waiting -= len(starts)
        self._freed.clear()
        return starts

    def _begin_pass(self) -> None:
        """Take stock of what is free, everywhere and where it grew."""
        self._pass += 1
        self._ceiling = most_free(self.places)
        self._freed_ceiling = most_free(self._freed)

    def _place_for(self, candidate: Candidate) -> Place | None:
        """Return where a candidate may start now, in view of the reservation.

        Whom no place had room for in the last pass, only places that freed some since
        can help.
        """
        places, ceiling = self.places, self._ceiling
        if candidate.unfit_in == self._pass - 1:
            places, ceiling = self._freed, self._freed_ceiling
        resources = candidate.resources
        if not resources.fits_in(ceiling):
            candidate.unfit_in = self._pass
            return None
        fitting = fitting_places(resources, places)
        if not fitting:
            candidate.unfit_in = self._pass
            return None
        promise = self.reservation
        if promise is not None:
            end = self.at + candidate.duration
            fitting = [one for one in fitting if promise.allows(resources, end, one)]
        return best_place(resources, fitting)

    def _spares_head(self, candidate: Candidate) -> bool:
        """Return whether the owner's caps still leave room for the reservation's."""
        if self.reservation is None:
            return True
        head = self.candidates[self.reservation.turn]
        return head.share is not candidate.share or head.share.has_room_for_both(
            candidate.resources, head.resources
        )

    def _start(self, candidate: Candidate, place: Place) -> Start:
        """Let a candidate hold its resources from now to its limit."""
        end = self.at + candidate.duration
        holder = Holder(end, next(self._serials), candidate.launch, candidate.resources)
        place.take(holder)
        self._expect_end(holder, place)
        if self.reservation is not None:
            self.reservation.note(holder.resources, end, place)
        return Start(candidate, self.at, place, place.free)

    def _advance(self) -> None:
        """Go on to the next end, and free what ends then."""
        self.at = self._ends[0][0]
        while self._ends and self._ends[0][0] == self.at:
            _, _, holder, place = heapq.heappop(self._ends)
            if place is not None:
                place.give_back(holder)
                self._freed.append(place)
            share = self._share_of(holder.launch.request.owner)
            share.give_back(holder)
            for turn in share.parked[:LOOKAHEAD]:
                insort(self._queue, turn)
            del share.parked[:LOOKAHEAD]

    def _expect_end(self, holder: Holder, place: Place | None) -> None:
        """Note somebody who holds resources until the limit."""
        heapq.heappush(self._ends, (holder.end, holder.serial, holder, place))
        self._share_of(holder.launch.request.owner).take(holder)

    def _attach_holders(self, now: datetime) -> None:
        """Note everybody who holds resources at the moment of the decision."""
        places = {place.node.name: place for place in self.places}
        for launch in sorted(self._state.holding, key=lambda one: one.number):
            held = launch.allocation
            if held is None:
                continue
            left = held.until - now
            overdue = left <= timedelta(0)
            end = _ANY_MOMENT if overdue else left
            serial = next(self._serials)
            holder = Holder(end, serial, launch, held.resources, overdue=overdue)
            place = places.get(held.node)
            if place is not None:
                place.attach(holder)
            self._expect_end(holder, place)

    def _line_up(self) -> list[Candidate]:
        """Return those who are queued, in order."""
        queued = (one for one in self._state.waiting if one.phase is not Phase.HELD)
        open_nodes = [node for node in self._state.nodes if node.schedulable]
        holdable: dict[Resources, bool] = {}
        shapes: dict[tuple[Resources, timedelta], int] = {}
        candidates = []
        for turn, launch in enumerate(in_turn(queued)):
            resources = launch.request.resources
            walltime = launch.request.walltime
            if resources not in holdable:
                holdable[resources] = can_ever_hold(resources, open_nodes)
            share = self._share_of(launch.request.owner)
            candidate = Candidate(
                turn,
                launch,
                resources,
                share,
                walltime + self._state.start_grace,
                shapes.setdefault((resources, walltime), len(shapes)),
                holdable[resources] and share.could_ever_hold(resources),
            )
            candidates.append(candidate)
        return candidates

    def _share_of(self, owner: str) -> Share:
        """Return what a user holds, against the user's caps."""
        share = self._shares.get(owner)
        if share is None:
            share = self._shares[owner] = Share(self._state.quota_of(owner))
        return share
