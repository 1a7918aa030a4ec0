from pathlib import Path

import pytest
from bootstrap.errors import SetupError
from bootstrap.settings import Settings

CHECKOUT = Path("/somewhere/gavip")


def test_nothing_set_means_this_machine_only() -> None:
    """Without variables it is port 8000 of the loopback, state in the checkout."""
    settings = Settings.read({}, CHECKOUT)

    assert settings == Settings(
        checkout=CHECKOUT,
        state=CHECKOUT / ".gavip",
        bind="127.0.0.1",
        port=8000,
        engine=None,
        keep_sessions=False,
        config=CHECKOUT / "jupyterhub_config.py",
    )


def test_every_choice_is_taken() -> None:
    """Each variable changes what it names."""
    settings = Settings.read(
        {
            "GAVIP_STATE": "/data/gavip",
            "GAVIP_BIND": "0.0.0.0",  # noqa: S104
            "GAVIP_PORT": "8443",
            "GAVIP_ENGINE": "sandbox",
            "GAVIP_KEEP_SESSIONS": "1",
        },
        CHECKOUT,
    )

    assert settings.state == Path("/data/gavip")
    assert settings.bind == "0.0.0.0"  # noqa: S104
    assert settings.port == 8443
    assert settings.engine == "sandbox"
    assert settings.keep_sessions


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GAVIP_PORT", "0"),
        ("GAVIP_PORT", "-1"),
        ("GAVIP_PORT", "65536"),
        ("GAVIP_PORT", "8000.0"),
        ("GAVIP_PORT", "٨٠٠٠"),
        ("GAVIP_PORT", "1e3"),
        ("GAVIP_BIND", "everywhere"),
        ("GAVIP_BIND", "300.1.1.1"),
        ("GAVIP_ENGINE", "Docker"),
        ("GAVIP_ENGINE", "podman"),
        ("GAVIP_KEEP_SESSIONS", "yes"),
        ("GAVIP_CONFIG", "/no/such/file.py"),
        ("GAVIP_STATE", "/tmp/a:b"),  # noqa: S108
        ("GAVIP_STATE", "/tmp/a\nb"),  # noqa: S108
    ],
)
def test_what_cannot_work_is_refused_by_name(name: str, value: str) -> None:
    """A value that cannot work is refused, with the variable and a value that can."""
    with pytest.raises(SetupError) as refusal:
        Settings.read({name: value}, CHECKOUT)

    assert name in refusal.value.what
    assert refusal.value.mend
