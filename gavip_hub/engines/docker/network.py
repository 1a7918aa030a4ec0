"""The sessions' own network, on which they reach the hub but not one another."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import docker
from docker.errors import APIError, NotFound

from gavip_hub.domain.errors import BackendFault
from gavip_hub.engines.docker.client import connect, in_our_words

__all__ = ["ensure_network", "network_gateway"]

_OPTIONS: Final = {"com.docker.network.bridge.enable_icc": "false"}
_TIMEOUT: Final = timedelta(seconds=30)


def ensure_network(name: str, base_url: str = "") -> str:
    """Make the network if it is missing, and return its gateway's address.

    Parameters
    ----------
    name
        The network.
    base_url
        The engine's address; empty for what the environment says.
    """
    client = connect(base_url, _TIMEOUT)
    try:
        return network_gateway(client, name)
    finally:
        client.close()


def network_gateway(client: docker.APIClient, name: str) -> str:
    """Do the same with a client that is there."""
    with in_our_words(f"make the network {name}"):
        facts = _facts(client, name)
    for pool in facts["IPAM"]["Config"] or []:
        if "Gateway" in pool:
            return str(pool["Gateway"])
    raise BackendFault(
        f"The Docker network {name} has no gateway; remove it, so that it is made "
        "anew, or name another.",
        transient=False,
    )


def _facts(client: docker.APIClient, name: str) -> dict[str, Any]:
    try:
        return dict(client.inspect_network(name))
    except NotFound:
        try:
            client.create_network(name, driver="bridge", options=dict(_OPTIONS))
        except APIError as error:
            if error.status_code != HTTPStatus.CONFLICT:
                raise
        return dict(client.inspect_network(name))
