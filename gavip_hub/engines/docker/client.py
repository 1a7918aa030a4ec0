"""The way to the Docker engine, and its faults in our words."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound
from docker.utils import kwargs_from_env

from gavip_hub.domain.errors import BackendFault, EngineUnavailable

__all__ = ["connect", "gone_is_fine", "in_our_words"]


def connect(base_url: str, timeout: timedelta) -> docker.APIClient:
    """Return a client, each of whose requests ends within a bounded time.

    Parameters
    ----------
    base_url
        The engine's address; empty for what the environment says.
    timeout
        Longest time that a request may be silent.

    Raises
    ------
    EngineUnavailable
        Raised if no engine answers.
    """
    chosen = {"base_url": base_url} if base_url else kwargs_from_env()
    with in_our_words("connect"):
        return docker.APIClient(
            **chosen, version="auto", timeout=int(timeout.total_seconds())
        )


@contextlib.contextmanager
def in_our_words(act: str) -> Iterator[None]:
    """Turn the client's errors into ours.

    Parameters
    ----------
    act
        What is being done, for the message.
    """
    try:
        yield
    except ImageNotFound as error:
        raise BackendFault(
            f"The image is not there ({error.explanation}); build it with make image, "
            "or pull it.",
            transient=False,
        ) from error
    except APIError as error:
        server = bool(error.is_server_error())
        raise BackendFault(
            f"Docker could not {act}: {error.explanation or error}", transient=server
        ) from error
    except requests.exceptions.Timeout as error:
        raise EngineUnavailable(
            f"The Docker engine did not answer in time ({act}); see whether it hangs."
        ) from error
    except (DockerException, requests.exceptions.RequestException, OSError) as error:
        raise EngineUnavailable(
            "No Docker engine answers: start it, and set DOCKER_HOST if its socket is "
            f"not the usual one ({error})."
        ) from error


@contextlib.contextmanager
def gone_is_fine() -> Iterator[None]:
    """Take a container that is gone, or an act that was done, for success."""
    done = {HTTPStatus.NOT_FOUND, HTTPStatus.NOT_MODIFIED, HTTPStatus.CONFLICT}
    try:
        yield
    except APIError as error:
        if error.status_code not in done:
            raise
