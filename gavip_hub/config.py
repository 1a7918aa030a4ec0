"""What an operator can set, as traitlets; read once into frozen settings."""

from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from traitlets import Dict, Float, Int, List, TraitError, Unicode, validate
from traitlets.config import Config, Configurable

from gavip_hub.api.quantities import (
    parse_cpu,
    parse_gpu,
    parse_memory,
    parse_walltime,
)
from gavip_hub.domain.errors import InvalidField
from gavip_hub.domain.quota import Quota
from gavip_hub.domain.resources import Resources
from gavip_hub.engines.machine import machine_capacity
from gavip_hub.settings import (
    EngineSettings,
    Rules,
    ServiceSettings,
    Settings,
    Size,
)

__all__ = ["Gavip"]


AMOUNTS = ("cpu", "memory", "gpu")


class Gavip(Configurable):
    """GAVIP on this hub; set as ``c.Gavip.<name>`` before ``gavip_hub.install(c)``."""

    engine = Unicode(
        "sandbox",
        help="""Where sessions run: ``sandbox`` (bubblewrap, needs nothing else) or
        ``docker``. One engine per hub; sessions of the other are not seen.""",
    ).tag(config=True)

    state_dir = Unicode(
        ".gavip",
        help="""Folder of the database, secrets, user-spaces and the sandbox's records.
        Back it up; nothing else is kept.""",
    ).tag(config=True)

    spaces_dir = Unicode(
        "", help="Folder of the user-spaces. Empty is ``spaces`` in ``state_dir``."
    ).tag(config=True)

    database_url = Unicode(
        "",
        help="""SQLAlchemy URL of the launch database. Empty is an SQLite file in
        ``state_dir``; ``postgresql+psycopg://…`` for a server.""",
    ).tag(config=True)

    sizes = List(
        Dict(),
        help="""Sizes of the spawn form, smallest first: ``{"name": "S", "title":
        "Small", "cpu": 1, "memory": "2G", "walltime": "4h"}``. Empty keeps S, M, L.""",
    ).tag(config=True)

    default_size = Unicode(
        "", help="Name of the size that is chosen at first. Empty is the smallest."
    ).tag(config=True)

    capacity_cpu = Float(
        0,
        help="""Cores that all launches together may hold. 0 is what the engine's
        machine has. More than that over-commits: notebooks wait most of the time.""",
    ).tag(config=True)

    capacity_memory = Unicode(
        "",
        help="""Memory that all launches together may hold, such as ``"48G"``. Empty is
        what the machine has less a share for the system.""",
    ).tag(config=True)

    max_running = Int(4, help="Launches of one user that run at a time.").tag(
        config=True
    )

    max_waiting = Int(10, help="Launches of one user that wait at a time.").tag(
        config=True
    )

    max_cpu = Float(16, help="Cores that one user's launches together may hold.").tag(
        config=True
    )

    max_memory = Unicode(
        "64G", help="Memory that one user's launches together may hold."
    ).tag(config=True)

    max_walltime = Unicode(
        "24h", help="Longest walltime of one launch, extensions included."
    ).tag(config=True)

    quotas = Dict(
        value_trait=Dict(),
        key_trait=Unicode(),
        help="""Caps of single users: ``{"ada": {"max_running": 8, "memory": "128G"}}``;
        what is left out is the default.""",
    ).tag(config=True)

    idle_timeout = Unicode(
        "2h",
        help="""How long nothing may happen in a session before it is ended. A busy
        kernel or terminal always counts as something. ``"never"`` switches it off.""",
    ).tag(config=True)

    pids = Int(1024, help="Processes and threads of one launch.").tag(config=True)

    image = Unicode(
        "",
        help="""What sessions run: a Docker image (``docker``) or the path of a virtual
        environment (``sandbox``). Empty is the one that ``make run`` sets up.""",
    ).tag(config=True)

    network = Unicode("gavip", help="Docker network of the sessions.").tag(config=True)

    data_dir = Unicode(
        "", help="Folder that every session sees read-only as its Gaia data."
    ).tag(config=True)

    archive_url = Unicode(
        "https://gea.esac.esa.int/tap-server/tap",
        help="TAP service that ``gavip.tap`` queries by default.",
    ).tag(config=True)

    host = Unicode(
        "127.0.0.1",
        help="""Address on which the service listens. The hub's proxy and the sessions
        must reach it; nobody else needs to.""",
    ).tag(config=True)

    port = Int(8010, help="Port on which the service listens.").tag(config=True)

    @validate("engine")
    def _known_engine(self, proposal: dict[str, Any]) -> str:
        if proposal["value"] not in {"docker", "sandbox", "fake"}:
            raise TraitError("c.Gavip.engine must be 'sandbox' or 'docker'.")
        return str(proposal["value"])

    @classmethod
    def read(cls, c: Any) -> Settings:
        """Return the settings of a configuration.

        Raises
        ------
        InvalidField
            Raised if there is no such setting, or it cannot have that value; the
            message names the setting.
        """
        given = c.Gavip if "Gavip" in c else {}
        known = cls.class_trait_names(config=True)
        for name, value in given.items():
            if name not in known:
                near = get_close_matches(name, known, 1)
                mend = f"did you mean c.Gavip.{near[0]}?" if near else "leave it out."
                raise InvalidField(
                    f"There is no setting c.Gavip.{name}; {mend}", field=name
                )
            try:
                cls(config=Config({"Gavip": {name: value}}))
            except TraitError as error:
                raise InvalidField(
                    f"c.Gavip.{name} cannot be {value!r}: {error}", field=name
                ) from None
        return cls(config=c).settings()

    def settings(self) -> Settings:
        """Return the settings as frozen values.

        Raises
        ------
        InvalidField
            Raised if an amount cannot be read or settings contradict each other; the
            message names the setting.
        """
        self._check_numbers()
        state = Path(self.state_dir).resolve()
        database = self.database_url or f"sqlite:///{state / 'gavip.sqlite'}"
        return Settings(
            rules=self._rules(),
            engine=EngineSettings(
                name=self.engine,
                state_dir=str(state / "engine"),
                image=self.image,
                network=self.network,
                capacity=self._capacity(),
                spaces_dir=self.spaces_dir or str(state / "spaces"),
                data_dir=self.data_dir,
            ),
            service=ServiceSettings(
                database_url=database,
                host=self.host,
                port=self.port,
                archive_url=self.archive_url,
            ),
        )

    def _rules(self) -> Rules:
        plain = Rules()
        longest = parse_walltime(self.max_walltime, field="c.Gavip.max_walltime")
        sizes = self._sizes(longest) or tuple(
            replace(size, walltime=min(size.walltime, longest)) for size in plain.sizes
        )
        default = self.default_size or sizes[0].name
        if default not in {size.name for size in sizes}:
            raise InvalidField(
                f"c.Gavip.default_size is {default!r}, which is none of c.Gavip.sizes.",
                field="default_size",
            )
        quota = Quota(
            self.max_running,
            self.max_waiting,
            Resources(
                parse_cpu(self.max_cpu, field="c.Gavip.max_cpu"),
                parse_memory(self.max_memory, field="c.Gavip.max_memory"),
                plain.default_quota.max_resources.gpu,
            ),
        )
        return replace(
            plain,
            sizes=sizes,
            default_size=default,
            bounds=replace(plain.bounds, max_walltime=longest),
            default_quota=quota,
            quotas={
                name: _quota(name, words, quota) for name, words in self.quotas.items()
            },
            idle_timeout=self._idle_timeout(),
            pids=self.pids,
        )

    def _check_numbers(self) -> None:
        bounds = {
            "port": (1, 65_535),
            "max_running": (0, 10_000),
            "max_waiting": (1, 10_000),
            "pids": (32, 4_194_304),
        }
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InvalidField(
                    f"c.Gavip.{name} is {value}; it must be from {least} to {most}.",
                    field=name,
                )
        if urlsplit(self.archive_url).scheme not in {"http", "https"}:
            raise InvalidField(
                f"c.Gavip.archive_url is {self.archive_url!r}; give an address that "
                "begins with http:// or https://.",
                field="archive_url",
            )

    def _sizes(self, longest: timedelta) -> tuple[Size, ...]:
        sizes = tuple(_size(words) for words in self.sizes)
        names = [size.name for size in sizes]
        for size in sizes:
            if names.count(size.name) > 1:
                raise InvalidField(
                    f"Two of c.Gavip.sizes are named {size.name!r}.", field="sizes"
                )
            if size.walltime > longest:
                raise InvalidField(
                    f"c.Gavip.sizes[{size.name}].walltime is longer than "
                    f"c.Gavip.max_walltime, {self.max_walltime!r}.",
                    field="sizes",
                )
        return sizes

    def _idle_timeout(self) -> timedelta | None:
        if self.idle_timeout == "never":
            return None
        return parse_walltime(self.idle_timeout, field="c.Gavip.idle_timeout")

    def _capacity(self) -> Resources | None:
        if not self.capacity_cpu and not self.capacity_memory:
            return None
        machine = machine_capacity()
        return Resources(
            parse_cpu(self.capacity_cpu, field="c.Gavip.capacity_cpu")
            if self.capacity_cpu
            else machine.cpu_milli,
            parse_memory(self.capacity_memory, field="c.Gavip.capacity_memory")
            if self.capacity_memory
            else machine.memory_bytes,
        )


def _check_words(words: dict[str, Any], where: str, known: set[str]) -> None:
    for name in words:
        if name not in known:
            raise InvalidField(
                f"{where} has no {name!r}; it may have {', '.join(sorted(known))}.",
                field=where,
            )


def _count(words: dict[str, Any], name: str, default: int, where: str) -> int:
    value = words.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise InvalidField(
            f"{where}.{name} is {value!r}; it must be a whole number from 0.",
            field=where,
        )
    return value


def _size(words: dict[str, Any]) -> Size:
    name = str(words.get("name", ""))
    where = f"c.Gavip.sizes[{name or '?'}]"
    if not name:
        raise InvalidField("Every one of c.Gavip.sizes needs a name.", field="sizes")
    _check_words(words, where, {"name", "title", *AMOUNTS, "walltime"})
    return Size(
        name=name,
        title=str(words.get("title", name)),
        resources=Resources(
            parse_cpu(words.get("cpu"), field=f"{where}.cpu"),
            parse_memory(words.get("memory"), field=f"{where}.memory"),
            parse_gpu(words.get("gpu", 0), field=f"{where}.gpu"),
        ),
        walltime=parse_walltime(words.get("walltime"), field=f"{where}.walltime"),
    )


def _quota(name: str, words: dict[str, Any], default: Quota) -> Quota:
    where = f"c.Gavip.quotas[{name}]"
    caps = default.max_resources
    _check_words(words, where, {"max_running", "max_waiting", *AMOUNTS})
    return Quota(
        _count(words, "max_running", default.max_running, where),
        _count(words, "max_waiting", default.max_waiting, where),
        Resources(
            parse_cpu(words["cpu"], field=f"{where}.cpu")
            if "cpu" in words
            else caps.cpu_milli,
            parse_memory(words["memory"], field=f"{where}.memory")
            if "memory" in words
            else caps.memory_bytes,
            parse_gpu(words["gpu"], field=f"{where}.gpu")
            if "gpu" in words
            else caps.gpu,
        ),
    )
