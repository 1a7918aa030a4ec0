"""Settings of the operator, right and wrong."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from traitlets.config import Config

from gavip_hub.config import Gavip
from gavip_hub.domain.errors import InvalidField
from gavip_hub.settings import Settings


def read(**words: Any) -> Settings:
    """Return the settings of a configuration with these words."""
    return Gavip.read(Config({"Gavip": words}))


def test_nothing_need_be_set() -> None:
    """The defaults are a platform: three sizes, quotas, an idle rule."""
    settings = read()
    assert [size.name for size in settings.rules.sizes] == ["S", "M", "L"]
    assert settings.rules.default_size == "S"
    assert settings.rules.idle_timeout == timedelta(hours=2)
    assert settings.engine.capacity is None
    assert settings.service.database_url.startswith("sqlite:////")


def test_what_is_set_is_read() -> None:
    """Amounts are text as people write them."""
    settings = read(
        sizes=[{"name": "XS", "cpu": 0.5, "memory": "512M", "walltime": "30m"}],
        quotas={"ada": {"memory": "128G", "max_running": 8}},
        idle_timeout="never",
        capacity_memory="48G",
        max_walltime="7d",
    )
    (size,) = settings.rules.sizes
    assert (size.title, size.resources.cpu_milli) == ("XS", 500)
    assert settings.rules.quotas["ada"].max_resources.memory_bytes == 128 * 10**9
    assert settings.rules.quotas["ada"].max_waiting == 10
    assert settings.rules.idle_timeout is None
    assert settings.rules.bounds.max_walltime == timedelta(days=7)
    assert settings.engine.capacity is not None
    assert settings.engine.capacity.memory_bytes == 48 * 10**9


def test_own_sizes_keep_to_the_longest_walltime() -> None:
    """A platform with short walltimes has sizes that can start."""
    settings = read(max_walltime="2h")
    assert {size.walltime for size in settings.rules.sizes} == {timedelta(hours=2)}


def test_settings_survive_their_way_to_another_process() -> None:
    """As JSON text and back they are the same."""
    settings = read(quotas={"ada": {"gpu": 1}}, capacity_cpu=3, idle_timeout="45m")
    adapter = TypeAdapter(Settings)
    assert adapter.validate_json(adapter.dump_json(settings)) == settings


SIZE = {"name": "S", "cpu": 1, "memory": "2G", "walltime": "4h"}

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"prot": 8010}, r"c\.Gavip\.prot; did you mean c\.Gavip\.port\?"),
    ({"colour": "red"}, r"There is no setting c\.Gavip\.colour"),
    ({"engine": "podman"}, r"c\.Gavip\.engine"),
    ({"port": "eighty"}, r"c\.Gavip\.port cannot be 'eighty'"),
    ({"port": 0}, r"c\.Gavip\.port is 0"),
    ({"port": 70_000}, r"c\.Gavip\.port is 70000"),
    ({"pids": 1}, r"c\.Gavip\.pids is 1"),
    ({"max_running": -1}, r"c\.Gavip\.max_running is -1"),
    ({"max_waiting": 0}, r"c\.Gavip\.max_waiting is 0"),
    ({"max_cpu": -4}, r"c\.Gavip\.max_cpu is negative"),
    ({"max_cpu": float("nan")}, r"c\.Gavip\.max_cpu is not a finite number"),
    ({"max_memory": "4X"}, r"c\.Gavip\.max_memory '4X' is not understood"),
    ({"max_walltime": "120"}, r"c\.Gavip\.max_walltime '120' is not understood"),
    ({"idle_timeout": "soon"}, r"c\.Gavip\.idle_timeout"),
    ({"capacity_cpu": -1}, r"c\.Gavip\.capacity_cpu is negative"),
    ({"capacity_memory": "much"}, r"c\.Gavip\.capacity_memory"),
    ({"archive_url": "gea.esac.esa.int"}, r"c\.Gavip\.archive_url"),
    ({"default_size": "XXL"}, r"c\.Gavip\.default_size is 'XXL'"),
    ({"sizes": {"S": 1}}, r"c\.Gavip\.sizes cannot be"),
    ({"sizes": [{"cpu": 1}]}, r"c\.Gavip\.sizes needs a name"),
    ({"sizes": [SIZE, SIZE]}, r"Two of c\.Gavip\.sizes are named 'S'"),
    ({"sizes": [{**SIZE, "memory": "lots"}]}, r"c\.Gavip\.sizes\[S\]\.memory"),
    ({"sizes": [{**SIZE, "walltime": "9d"}]}, r"sizes\[S\]\.walltime is longer"),
    ({"sizes": [{**SIZE, "ram": 1}]}, r"c\.Gavip\.sizes\[S\] has no 'ram'"),
    ({"quotas": {"ada": {"cpu": "?"}}}, r"c\.Gavip\.quotas\[ada\]\.cpu"),
    ({"quotas": {"ada": {"disk": 1}}}, r"c\.Gavip\.quotas\[ada\] has no 'disk'"),
    ({"quotas": {"ada": {"max_running": "x"}}}, r"quotas\[ada\]\.max_running is 'x'"),
    ({"quotas": {"ada": 3}}, r"c\.Gavip\.quotas"),
]


@pytest.mark.parametrize(("words", "message"), WRONG, ids=lambda one: str(one)[:40])
def test_a_wrong_setting_is_named(words: dict[str, Any], message: str) -> None:
    """The error has the setting as it stands in the file, and the mend."""
    with pytest.raises(InvalidField, match=message):
        read(**words)
