"""Which TAP service a query goes to."""

from __future__ import annotations

import pytest

import gavip
from gavip.tap.addresses import ESA_GAIA_ARCHIVE, ServiceChoice


def test_order_of_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argument wins over a setting, that over the environment, that over ESA."""
    choice = ServiceChoice()
    assert choice.resolve() == ESA_GAIA_ARCHIVE
    monkeypatch.setenv("GAVIP_TAP_URL", "http://environment/tap")
    assert choice.resolve() == "http://environment/tap"
    choice.set("http://setting/tap")
    assert choice.resolve() == "http://setting/tap"
    assert choice.resolve("http://argument/tap") == "http://argument/tap"
    choice.set(None)
    assert choice.resolve() == "http://environment/tap"


@pytest.mark.parametrize("ending", ["", "/", "/sync", "/async/", "?"])
def test_endings_do_not_matter(ending: str) -> None:
    """A service is the same with a slash or an endpoint at its end."""
    assert ServiceChoice().resolve(f"http://a/tap{ending}") == "http://a/tap"


@pytest.mark.parametrize(
    "url", ["", "a/tap", "ftp://a/tap", "http://", "http://a:b/tap", "file:///etc/x"]
)
def test_nonsense_is_refused(url: str) -> None:
    """What is no http address is refused, naming the field."""
    with pytest.raises(gavip.BadArgument, match=r"^url: "):
        gavip.tap.configure(url)
