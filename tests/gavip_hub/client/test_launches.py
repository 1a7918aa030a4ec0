"""The client, against a service behind real HTTP."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio

from gavip_hub.api import models
from gavip_hub.client import ClientError, LaunchClient, ServiceUnreachable
from gavip_hub.domain.errors import GavipError, InvalidField
from gavip_hub.domain.phase import Phase
from tests.support.launch_service import TOKEN, FakeLaunchService
from tests.support.launches import make_launch

pytestmark = pytest.mark.asyncio

Act = Callable[[LaunchClient], Awaitable[object]]
ID = "0000000000000001"
REFUSAL = models.Problem(
    type="about:blank",
    title="Larger than anything here",
    status=422,
    detail="64 GB never fit; the largest is 32 GB.",
    code="never_fits",
    field="memory",
)


@pytest_asyncio.fixture
async def service() -> AsyncIterator[FakeLaunchService]:
    """Run a service with one launch."""
    service = FakeLaunchService()
    service.add(make_launch(1))
    service.start()
    yield service
    await service.stop()


@pytest_asyncio.fixture
async def client(service: FakeLaunchService) -> AsyncIterator[LaunchClient]:
    """Return a client of the service."""
    client = LaunchClient(service.url, TOKEN, timeout_s=2)
    yield client
    client.close()


async def test_launches_are_listed_by_phase(client: LaunchClient) -> None:
    """The phases, the page and the limit reach the service as the contract says."""
    page = await client.list(phases=["live", Phase.ERROR], limit=5)
    assert [launch.id for launch in page.launches] == [ID]


async def test_query_is_worded_as_in_the_contract(
    client: LaunchClient, service: FakeLaunchService
) -> None:
    """Several phases repeat the word."""
    await client.list(phases=[Phase.QUEUED, Phase.HELD], owner="*", before=9, limit=5)
    assert service.seen[-1].query == {
        "phase": ["queued", "held"],
        "owner": ["*"],
        "before": ["9"],
        "limit": ["5"],
    }


@pytest.mark.parametrize(
    ("act", "method", "path"),
    [
        (lambda c: c.info(), "GET", "/info"),
        (lambda c: c.capacity(), "GET", "/capacity"),
        (lambda c: c.estimate([models.Wish(size="S")]), "POST", "/estimates"),
        (lambda c: c.get(ID), "GET", f"/launches/{ID}"),
        (lambda c: c.cancel(ID), "POST", f"/launches/{ID}/cancel"),
        (lambda c: c.extend(ID, "1h"), "POST", f"/launches/{ID}/extend"),
        (
            lambda c: c.report(ID, models.Report(attempt=1, outcome="started")),
            "POST",
            f"/launches/{ID}/report",
        ),
        (
            lambda c: c.claim(
                models.Claim(owner="stella", server_name="", user_options={})
            ),
            "POST",
            "/claims",
        ),
    ],
)
async def test_each_act_has_its_path(
    client: LaunchClient, service: FakeLaunchService, act: Act, method: str, path: str
) -> None:
    """Each method of the client is one operation of the contract."""
    await act(client)
    assert (service.seen[-1].method, service.seen[-1].path) == (method, path)


async def test_refusal_keeps_code_field_and_words(
    client: LaunchClient, service: FakeLaunchService
) -> None:
    """What the service says of a bad request reaches the caller in full."""
    service.refusals.append(REFUSAL)
    with pytest.raises(ClientError) as caught:
        await client.submit(models.LaunchRequest(memory="64G"))
    error = caught.value
    assert isinstance(error, GavipError)
    assert (error.code, error.field, error.status) == ("never_fits", "memory", 422)
    assert error.message == error.detail == REFUSAL.detail
    assert not error.transient


async def test_lost_answer_is_asked_for_again_with_the_same_key(
    client: LaunchClient, service: FakeLaunchService
) -> None:
    """A connection that breaks on the way back does not file a second launch."""
    service.drops = 2
    launch = await client.submit(models.LaunchRequest(size="S"))
    keys = {seen.headers["Idempotency-Key"] for seen in service.seen}
    assert len(service.seen) == 3
    assert len(keys) == 1
    assert launch.phase is Phase.QUEUED


async def test_extension_is_never_repeated(
    client: LaunchClient, service: FakeLaunchService
) -> None:
    """An extension whose answer is lost may have counted, so it is not sent twice."""
    service.drops = 1
    with pytest.raises(ServiceUnreachable):
        await client.extend(ID, 3600)
    assert len(service.seen) == 1


async def test_service_that_hangs_gives_a_clear_error(
    service: FakeLaunchService,
) -> None:
    """No answer within the time limit is an error that says so."""
    service.hung = True
    client = LaunchClient(service.url, TOKEN, timeout_s=0.2)
    with pytest.raises(ServiceUnreachable, match=r"within 0\.2 s"):
        await client.info()
    service.hung = False


async def test_service_that_is_gone_gives_a_clear_error(
    client: LaunchClient, service: FakeLaunchService
) -> None:
    """A refused connection is an error that says so, after some tries."""
    await service.stop()
    with pytest.raises(ServiceUnreachable, match="cannot be reached") as caught:
        await client.info()
    assert caught.value.transient


async def test_page_of_a_proxy_is_no_answer(
    client: LaunchClient, service: FakeLaunchService
) -> None:
    """While the service restarts, the proxy answers with a page of its own."""
    service.pages += [(503, "<h1>Down</h1>"), (403, "<h1>No</h1>"), (200, "<h1>Hi")]
    with pytest.raises(ServiceUnreachable, match="HTTP 503"):
        await client.info()
    with pytest.raises(ClientError, match="HTTP 403") as caught:
        await client.info()
    assert caught.value.code == "refused"
    with pytest.raises(ServiceUnreachable, match="too old"):
        await client.info()


async def test_redirect_is_not_followed(
    client: LaunchClient, service: FakeLaunchService
) -> None:
    """The token stays with the service that it was meant for."""
    service.pages.append((302, ""))
    with pytest.raises(ClientError):
        await client.info()
    assert len(service.seen) == 1


async def test_token_is_shown_to_nobody(
    service: FakeLaunchService, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither repr, errors nor logs show a token, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    secret = "another-secret-token"
    client = LaunchClient(service.url, secret, timeout_s=0.2)
    shown = [repr(client)]
    service.drops = 1
    for act in (client.info, lambda: client.extend(ID, 1), client.capacity):
        with pytest.raises(ClientError) as caught:
            await act()
        shown += [repr(caught.value), str(caught.value), str(caught.value.problem)]
    assert secret not in " ".join(shown) + caplog.text


@pytest.mark.parametrize("url", ["", "hub:8081/api", "file:///etc/passwd", "http://"])
async def test_address_must_be_one(url: str) -> None:
    """Only http and https addresses are taken."""
    with pytest.raises(InvalidField, match="begins with http"):
        LaunchClient(url, TOKEN)


async def test_activity_is_told(
    client: LaunchClient, service: FakeLaunchService
) -> None:
    """A session's word on itself arrives as it was given."""
    word = models.Activity(busy=True, last_activity=make_launch().created_at, kernels=2)
    await client.activity(ID, word)
    assert service.activities == [word]
