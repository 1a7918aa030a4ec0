import os
import socket
from collections.abc import Iterator

import pytest
from bootstrap.errors import SetupError
from bootstrap.ports import check_public, choose, holder, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    """Listen on a port in this very process."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def test_a_listener_takes_its_port(taken: int) -> None:
    """A port with a listener is not free, not even for every address."""
    assert not is_free("127.0.0.1", taken)
    assert not is_free("0.0.0.0", taken)  # noqa: S104


def test_a_port_in_use_is_refused_with_who_holds_it(taken: int) -> None:
    """The message names the program, its process, and a port that is free."""
    with pytest.raises(SetupError) as refusal:
        check_public("127.0.0.1", taken)

    assert f"port {taken} is in use" in refusal.value.what
    assert f"process {os.getpid()}" in refusal.value.what
    assert "GAVIP_PORT=" in refusal.value.mend


def test_an_address_of_another_machine_is_refused() -> None:
    """An address that this machine does not have is named with its variable."""
    with pytest.raises(SetupError) as refusal:
        check_public("192.0.2.1", 8000)

    assert "GAVIP_BIND=192.0.2.1" in refusal.value.what


def test_nobody_holds_a_free_port() -> None:
    """A port without a listener has no holder."""
    port = choose([], (), "127.0.0.1")

    assert is_free("127.0.0.1", port)
    assert holder(port) is None


def test_the_first_free_wish_is_taken(taken: int) -> None:
    """Ports in use and ports promised already are passed over."""
    free = choose([], (), "127.0.0.1")

    assert choose([taken, free], (), "127.0.0.1") == free
    assert choose([taken, free], {free}, "127.0.0.1") not in {taken, free}
