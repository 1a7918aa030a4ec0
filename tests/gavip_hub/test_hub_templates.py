"""The hub's templates in GAVIP's dress, rendered as the hub renders them."""

from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader
from jupyterhub._data import DATA_FILES_PATH
from jupyterhub.spawner import SpawnException

import gavip_hub

OURS = str(Path(gavip_hub.__file__).parent / "share" / "templates")
STOCK = str(Path(DATA_FILES_PATH) / "templates")

HUB = Environment(
    loader=ChoiceLoader(
        [
            PrefixLoader({"templates": FileSystemLoader([STOCK])}, "/"),
            FileSystemLoader([OURS, STOCK]),
        ]
    ),
    autoescape=True,
)

HOSTILE = "\"'><script>alert(1)</script>"


def rendered(template: str, **words: Any) -> str:
    """Return a page as the hub would send it to somebody who is not signed in."""
    return HUB.get_template(template).render(
        base_url="/hub/",
        prefix="/",
        static_url=lambda path, **_: f"/hub/static/{path}",
        user=None,
        services=[],
        parsed_scopes={},
        login_url="/hub/login",
        logout_url="/hub/logout",
        xsrf="token",
        xsrf_token="token",
        **words,
    )


def led_to(page: str) -> SpawnException:
    """Return what the spawner raises for a launch that waits."""
    error = SpawnException("It waits.", reason="queued", status_code=303)
    error.headers = {"Location": page}
    return error


def failed(error: Exception, message: str = "It waits.") -> str:
    """Return the page after a start that failed with an error."""
    return rendered(
        "not_running.html",
        failed=True,
        failed_message=message,
        exception=error,
        server_name="lab",
        spawn_url="/hub/spawn/ada/lab",
    )


def test_a_start_that_waits_leads_to_the_waiting_page() -> None:
    """The page of a failed start goes on to the launch by itself, without a script."""
    address = "/services/gavip/launches/0123456789abcdef"
    page = failed(led_to(address))
    assert f'http-equiv="refresh" content="0; url={address}"' in page
    assert "did not start" not in page


@pytest.mark.parametrize(
    "address", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", ""]
)
def test_a_failed_start_leads_nowhere_else(address: str) -> None:
    """An address that is no path of this hub is not followed."""
    page = failed(led_to(address))
    assert 'http-equiv="refresh"' not in page
    assert "lab did not start" in page


def test_a_failed_start_tells_its_reason_as_text() -> None:
    """The reason is shown, and markup in it is text."""
    page = failed(RuntimeError("boom"), HOSTILE)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert 'href="/hub/spawn/ada/lab"' in page


def test_a_stopped_server_is_never_started_by_the_page() -> None:
    """Whatever the hub's setting, the page waits for somebody to press Launch."""
    page = rendered(
        "not_running.html",
        server_name="",
        spawn_url="/hub/spawn/ada",
        implicit_spawn_seconds=1,
    )
    assert "setTimeout" not in page
    assert "JupyterLab is not running" in page


@pytest.mark.parametrize("status", [400, 403, 404, 500, 503])
def test_errors_are_text_and_lead_home(status: int) -> None:
    """An error page shows messages as text, and offers where to go on."""
    template = "404.html" if status == HTTPStatus.NOT_FOUND else "error.html"
    page = rendered(
        template,
        status_code=status,
        status_message=HOSTILE,
        message=HOSTILE,
        message_html=f"<b>{HOSTILE}</b>",
        extra_error_html=HOSTILE,
    )
    assert "<script>alert" not in page
    assert 'href="/hub/home"' in page


def test_markup_in_a_message_becomes_words() -> None:
    """A message that the hub words as HTML is told without its tags."""
    page = rendered(
        "error.html",
        status_code=400,
        status_message="Bad Request",
        message_html="Try <a href='/x'>again</a>",
    )
    assert "Try again" in page


def test_a_service_that_is_away_is_said_so() -> None:
    """The proxy's error page does not blame the person's server alone."""
    page = rendered(
        "error.html",
        status_code=503,
        status_message="Service Unavailable",
        message_html="Your server appears to be down.",
    )
    assert "nothing in it is lost" in page
