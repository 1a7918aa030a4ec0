"""Whose server answers on a port that all sandboxes of a machine share."""

import socket

import pytest

from gavip_hub.domain.errors import BackendFault
from gavip_hub.engines.sandbox.listening import Listener, listener
from gavip_hub.installation import dump
from gavip_hub.sandbox_spawner import SandboxSpawner
from gavip_hub.settings import EngineSettings, Settings
from tests.support.engines import Dressed, until

LISTEN = """
use Socket;
socket(S, PF_INET, SOCK_STREAM, 0);
bind(S, sockaddr_in($ARGV[0], INADDR_LOOPBACK)) and listen(S, 5);
sleep 60;
"""


@pytest.mark.asyncio
@pytest.mark.parametrize("dressed", ["sandbox-root", "sandbox-user"], indirect=True)
async def test_the_sandbox_is_told_from_everybody_else(
    dressed: Dressed,
) -> None:
    """A port that another process, or another sandbox, was quicker to bind is told."""
    containers = dressed.spaces_root.parent / "engine" / "containers"
    held = socket.create_server(("127.0.0.1", 0))
    port = held.getsockname()[1]
    late = dressed.spec(("sleep", "60"), network=True)
    await dressed.engine.create(late)
    assert listener(containers, late.name, port) is Listener.SOMEBODY_ELSE
    held.close()
    assert listener(containers, late.name, port) is Listener.NOBODY
    argv = ("perl", "-e", LISTEN, str(port))
    first = dressed.spec(argv, network=True)
    await dressed.engine.create(first)

    async def listens() -> bool:
        return listener(containers, first.name, port) is Listener.SANDBOX

    await until(listens)
    assert listener(containers, late.name, port) is Listener.SOMEBODY_ELSE


@pytest.mark.asyncio
@pytest.mark.parametrize("dressed", ["sandbox-root"], indirect=True)
async def test_nobody_is_sent_to_a_port_that_another_has_taken(
    dressed: Dressed,
) -> None:
    """A start fails, in words, if its port answers before its own server does."""
    top = dressed.spaces_root.parent
    engine = EngineSettings(
        state_dir=str(top / "engine"), spaces_dir=str(dressed.spaces_root)
    )
    spec = dressed.spec(("sleep", "60"), network=True)
    await dressed.engine.create(spec)
    with socket.create_server(("127.0.0.1", 0)) as held:
        spawner = SandboxSpawner(
            settings_json=dump(Settings(engine=engine)),
            sandbox_name=spec.name,
            port=held.getsockname()[1],
        )
        with pytest.raises(BackendFault, match="has taken its port"):
            await spawner._until_it_listens()
