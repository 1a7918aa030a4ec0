from pathlib import Path
from typing import Any

import pytest
from bootstrap.credentials import read_or_make
from bootstrap.layout import Layout
from bootstrap.welcome import address, has_own_sign_in, ready_text

CONFIG = Path(__file__).resolve().parents[3] / "jupyterhub_config.py"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Return a state folder with passwords."""
    layout = Layout(tmp_path / "state folder")
    layout.prepare()
    read_or_make(layout.passwords)
    return layout


def _facts(bind: str = "127.0.0.1") -> dict[str, Any]:
    return {"address": address(bind, 8000), "bind": bind, "engine_why": "sandbox, …"}


def test_a_terminal_shows_the_newcomers_password(layout: Layout) -> None:
    """A newcomer can sign in with what stands on the screen; not as administrator."""
    text = ready_text(_facts(), layout, show_password=True, own_sign_in=False)

    passwords = read_or_make(layout.passwords)
    assert "http://127.0.0.1:8000/" in text
    assert "astronomer" in text
    assert passwords.user in text
    assert passwords.admin not in text


def test_a_log_shows_no_password_but_how_to_read_it(layout: Layout) -> None:
    """Where the output is kept, the command that shows the password stands instead."""
    text = ready_text(_facts(), layout, show_password=False, own_sign_in=False)

    assert read_or_make(layout.passwords).user not in text
    assert f"cat '{layout.passwords}'" in text


def test_another_sign_in_is_not_talked_over(layout: Layout) -> None:
    """With an authenticator of the operator's the trial's names are not shown."""
    text = ready_text(_facts(), layout, show_password=True, own_sign_in=True)

    assert "astronomer" not in text
    assert read_or_make(layout.passwords).user not in text


def test_listening_for_everybody_is_told(layout: Layout) -> None:
    """Beyond this machine there is a word on encryption."""
    facts = _facts("0.0.0.0")  # noqa: S104
    text = ready_text(facts, layout, show_password=True, own_sign_in=False)

    assert "without encryption" in text
    assert "docs/howto/sign-in.md" in text


def test_addresses_can_be_typed() -> None:
    """An IPv6 address is put in brackets."""
    assert address("::1", 8000) == "http://[::1]:8000/"


def test_an_authenticator_in_the_configuration_is_noticed() -> None:
    """Only a line that is in force counts; the shipped file has none."""
    line = 'c.JupyterHub.authenticator_class = "pam"\n'

    assert has_own_sign_in("import x\n" + line)
    assert not has_own_sign_in("# " + line)
    assert not has_own_sign_in(CONFIG.read_text())
