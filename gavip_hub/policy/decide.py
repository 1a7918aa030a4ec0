"""The one question to the policy: what should happen now.

First come, first served within a tier, and whatever fits starts; whoever is first not
to fit has a reservation, which nobody behind may delay.
"""

from datetime import datetime

from gavip_hub.domain.phase import Phase
from gavip_hub.policy import wording
from gavip_hub.policy.estimate import estimated_starts, explain
from gavip_hub.policy.ordering import in_turn
from gavip_hub.policy.plan import Admission, Plan, QueueState, Wait
from gavip_hub.policy.simulation import Simulation

__all__ = ["decide"]


def decide(state: QueueState, now: datetime) -> Plan:
    """Return who starts now and where, and why and how long everybody else waits.

    Parameters
    ----------
    state
        All that the decision may depend on.
    now
        The moment of the decision.
    """
    simulation = Simulation(state, now)
    starts = simulation.start_what_fits()
    admissions = tuple(
        Admission(start.candidate.launch.id, start.place.node.name) for start in starts
    )
    told = explain(simulation, state, now)
    estimates = estimated_starts(simulation, now)
    waits = [
        Wait(launch_id, position, reason, estimates.get(launch_id))
        for launch_id, (position, reason) in told.items()
    ]
    held = (one for one in state.waiting if one.phase is Phase.HELD)
    waits += [Wait(launch.id, 0, wording.HELD, None) for launch in in_turn(held)]
    return Plan(admissions, tuple(waits))
