from pathlib import Path

import pytest
from bootstrap.credentials import SECRETS, make_secrets, read_or_make
from bootstrap.errors import SetupError
from bootstrap.layout import Layout
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from traitlets.config import Config


def _mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_passwords_are_made_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    """A second start keeps the passwords; the file is its owner's alone."""
    path = tmp_path / "passwords"
    first = read_or_make(path)

    assert read_or_make(path) == first
    assert _mode(path) == 0o600
    assert read_or_make(tmp_path / "another") != first


def test_the_hubs_authenticator_takes_them(tmp_path: Path) -> None:
    """Both are long enough for the shared-password authenticator, and differ."""
    passwords = read_or_make(tmp_path / "passwords")
    config = Config()
    config.SharedPasswordAuthenticator.admin_users = {"admin"}
    config.SharedPasswordAuthenticator.user_password = passwords.user
    config.SharedPasswordAuthenticator.admin_password = passwords.admin

    authenticator = SharedPasswordAuthenticator(config=config)

    assert authenticator.user_password == passwords.user
    assert authenticator.admin_password == passwords.admin


def test_a_changed_password_is_kept(tmp_path: Path) -> None:
    """Who writes another password into the file gets that one."""
    path = tmp_path / "passwords"
    made = read_or_make(path)
    path.write_text(path.read_text().replace(made.user, "my-own-choice"))

    assert read_or_make(path).user == "my-own-choice"
    assert read_or_make(path).admin == made.admin


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """A file without a password says which line is missing, and where."""
    path = tmp_path / "passwords"
    path.write_text("astronomer\n")

    with pytest.raises(SetupError) as refusal:
        read_or_make(path)

    assert str(path) in refusal.value.what
    assert "astronomer" in refusal.value.what


def test_secrets_are_made_once_each_in_a_closed_file(tmp_path: Path) -> None:
    """Every secret is 32 bytes in hexadecimal, kept over restarts."""
    layout = Layout(tmp_path / "state")
    layout.prepare()
    make_secrets(layout)
    first = {name: (layout.secrets / name).read_text() for name in SECRETS}
    make_secrets(layout)

    for name in SECRETS:
        path = layout.secrets / name
        assert path.read_text() == first[name]
        assert _mode(path) == 0o600
        assert len(bytes.fromhex(path.read_text().strip())) == 32
    assert len(set(first.values())) == len(SECRETS)
    assert _mode(layout.secrets) == 0o700
