"""A missing part skips a test on a laptop and fails it in CI."""

import pytest

from tests.support.requirement import missing


@pytest.fixture(autouse=True)
def laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what makes parts required."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("GAVIP_REQUIRE", raising=False)


def test_missing_part_skips_with_the_way_to_get_it() -> None:
    """Without CI, the test is skipped, and the reason says what helps."""
    with pytest.raises(pytest.skip.Exception, match=r"run all\.sh"):
        missing("docker", "run all.sh")


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("GAVIP_REQUIRE", "1")])
def test_missing_part_fails_where_it_is_required(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """With CI=true or GAVIP_REQUIRE=1, a green run proves that the part was there."""
    monkeypatch.setenv(name, value)
    with pytest.raises(pytest.fail.Exception, match="docker is missing"):
        missing("docker", "run all.sh")
