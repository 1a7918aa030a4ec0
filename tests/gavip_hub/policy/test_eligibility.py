"""What can never start is refused at once, with the largest that could."""

from dataclasses import replace
from datetime import timedelta

import pytest

from gavip_hub.domain.errors import InvalidField, NeverFits, QuotaExceeded
from gavip_hub.domain.quota import Bounds, Quota
from gavip_hub.domain.resources import Resources
from gavip_hub.policy.eligibility import check_request, largest_possible
from tests.support.queue import HOUR, amounts, node

NODES = [node(16, 32, "wide"), node(4, 64, "deep", schedulable=False)]
QUOTA = Quota(4, 10, amounts(12, 48, gpu=1))
BOUNDS = Bounds(
    min_resources=amounts(0.1, 0.25),
    max_resources=amounts(64, 512, gpu=8),
    min_walltime=timedelta(minutes=5),
    max_walltime=timedelta(hours=24),
)


def check(resources: Resources, walltime: timedelta = HOUR) -> None:
    """Check a request against the rules above."""
    check_request(resources, walltime, nodes=NODES, quota=QUOTA, bounds=BOUNDS)


@pytest.mark.parametrize("resources", [amounts(12, 32), amounts(4, 48), amounts(0.1)])
def test_what_fits_a_node_and_the_quota_passes(resources: Resources) -> None:
    """Whatever a node could hold, drained or not, and the quota allows, may wait."""
    check(resources)


@pytest.mark.parametrize(
    ("resources", "error", "field", "largest"),
    [
        (amounts(17, 1), NeverFits, "cpu", "12 cores"),
        (amounts(1, 65), NeverFits, "memory", "48 GB"),
        (amounts(1, 1, gpu=1), NeverFits, "gpu", "0 GPUs"),
        (amounts(13, 1), QuotaExceeded, "cpu", "12 cores"),
        (amounts(1, 48.001), QuotaExceeded, "memory", "48 GB"),
    ],
)
def test_too_much_of_one(
    resources: Resources, error: type[NeverFits], field: str, largest: str
) -> None:
    """Too much of one resource names the field, and the most that could start."""
    with pytest.raises(error) as refusal:
        check(resources)
    assert refusal.value.field == field
    assert f"the most that could start for you is {largest}" in refusal.value.message


def test_too_much_together() -> None:
    """What no node has together is refused with what the largest nodes have."""
    with pytest.raises(NeverFits) as refusal:
        check(amounts(8, 40))
    assert "16 cores and 32 GB of memory" in refusal.value.message
    assert "4 cores and 64 GB of memory" in refusal.value.message


@pytest.mark.parametrize(
    ("resources", "walltime", "field", "mend"),
    [
        (amounts(0.05, 1), HOUR, "cpu", "0.1 cores"),
        (amounts(1, 0.1), HOUR, "memory", "250 MB"),
        (amounts(1, 1), timedelta(seconds=1), "walltime", "5 min"),
        (amounts(1, 1), timedelta(hours=25), "walltime", "1 d"),
    ],
)
def test_out_of_bounds(
    resources: Resources, walltime: timedelta, field: str, mend: str
) -> None:
    """Too little, too short and too long name the field and the bound."""
    with pytest.raises(InvalidField) as refusal:
        check(resources, walltime)
    assert refusal.value.field == field
    assert mend in refusal.value.message


def test_the_platform_allows_less_than_its_nodes_have() -> None:
    """The bound of the platform counts like the size of the nodes."""
    bounds = replace(BOUNDS, max_resources=amounts(2, 512))
    with pytest.raises(NeverFits, match="2 cores"):
        check_request(amounts(3, 1), HOUR, nodes=NODES, quota=QUOTA, bounds=bounds)


def test_no_running_launches_at_all() -> None:
    """A quota of no running launches refuses everything."""
    quota = replace(QUOTA, max_running=0)
    with pytest.raises(QuotaExceeded, match="operator"):
        check_request(amounts(1, 1), HOUR, nodes=NODES, quota=quota, bounds=BOUNDS)


def test_an_engine_without_nodes_refuses_nothing_for_their_sake() -> None:
    """While the engine does not answer, only bounds and quota are looked at."""
    check_request(amounts(12, 48), HOUR, nodes=[], quota=QUOTA, bounds=BOUNDS)
    with pytest.raises(QuotaExceeded):
        check_request(amounts(13, 1), HOUR, nodes=[], quota=QUOTA, bounds=BOUNDS)


def test_the_largest_possible() -> None:
    """The largest is the least of what nodes, quota and platform allow."""
    assert largest_possible(NODES, QUOTA, BOUNDS) == amounts(12, 48)
    assert largest_possible([], QUOTA, BOUNDS) == amounts(12, 48, gpu=1)
