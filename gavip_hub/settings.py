"""The platform's settings as frozen values; made by `config`, read by everybody."""

from dataclasses import dataclass, field
from datetime import timedelta

from gavip_hub.domain.quota import Bounds, Quota
from gavip_hub.domain.resources import Resources

__all__ = ["EngineSettings", "Rules", "ServiceSettings", "Settings", "Size"]

GIGABYTE = 10**9
"""Bytes in a gigabyte, as memory is sold and as people type it."""


@dataclass(frozen=True, slots=True)
class Size:
    """A named amount that the spawn form offers."""

    name: str
    title: str
    resources: Resources
    walltime: timedelta


BOUNDS = Bounds(
    min_resources=Resources(100, 256 * 10**6, 0),
    max_resources=Resources(64_000, 512 * GIGABYTE, 8),
    min_walltime=timedelta(minutes=5),
    max_walltime=timedelta(hours=24),
)
"""Bounds of one launch, where the operator has not said otherwise."""

QUOTA = Quota(4, 10, Resources(16_000, 64 * GIGABYTE, 2))
"""Caps of one user, where the operator has not said otherwise."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What the policy and the accounting go by."""

    sizes: tuple[Size, ...] = (
        Size("S", "Small", Resources(1_000, 2 * GIGABYTE), timedelta(hours=4)),
        Size("M", "Medium", Resources(2_000, 8 * GIGABYTE), timedelta(hours=8)),
        Size("L", "Large", Resources(4_000, 16 * GIGABYTE), timedelta(hours=12)),
    )
    default_size: str = "S"
    bounds: Bounds = BOUNDS
    default_quota: Quota = QUOTA
    quotas: dict[str, Quota] = field(default_factory=dict)
    """Caps of single users, by user name."""
    idle_timeout: timedelta | None = timedelta(hours=2)
    """How long nothing may happen before a session is ended; None switches it off."""
    end_warnings: tuple[timedelta, ...] = (
        timedelta(minutes=30),
        timedelta(minutes=10),
        timedelta(minutes=1),
    )
    """How long before its end a launch is warned, longest first."""
    start_timeout: timedelta = timedelta(minutes=3)
    """How long a start may take before it is tried once more."""
    stop_grace: timedelta = timedelta(seconds=10)
    """How long a container may take to end politely."""
    pids: int = 1_024
    """Processes and threads of one launch."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Which engine runs containers, and what it may give away."""

    name: str = "sandbox"
    """``sandbox``, ``docker`` or ``fake``."""
    state_dir: str = ""
    """Where a sandbox or fake keeps its records."""
    installation: str = "gavip"
    """Label that tells this installation's containers from others'."""
    image: str = ""
    """Image (docker) or virtual environment (sandbox) of a notebook session."""
    network: str = "gavip"
    """Docker network of the sessions."""
    capacity: Resources | None = None
    """What all launches together may hold; None: what the engine finds."""
    spaces_dir: str = ""
    """Folder that holds the user-spaces."""
    data_dir: str = ""
    """Read-only data for every session, such as the welcome stars."""
    faults: dict[str, str] = field(default_factory=dict)
    """Faults of the fake engine, for tests and benches."""


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Where the service listens and whom it talks to."""

    database_url: str = "sqlite://"
    host: str = "127.0.0.1"
    port: int = 8010
    prefix: str = "/services/gavip/"
    hub_api_url: str = "http://127.0.0.1:8081/hub/api"
    hub_prefix: str = "/hub/"
    archive_url: str = "https://gea.esac.esa.int/tap-server/tap"
    """TAP service that ``gavip.tap`` queries by default."""
    interval: timedelta = timedelta(seconds=1)
    """How often the dispatcher looks, even if nothing woke it."""
    lease: timedelta = timedelta(seconds=15)
    """How long the writer's lease lives without renewal."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything, in three rooms."""

    rules: Rules = Rules()
    engine: EngineSettings = EngineSettings()
    service: ServiceSettings = ServiceSettings()
