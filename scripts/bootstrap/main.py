"""From a checkout to a running hub, and back."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from . import ports, sources
from .commands import Commands
from .credentials import make_secrets, read_or_make
from .engines import DockerAnswer, Engine, choose, probe_docker, probe_sandbox
from .environments import missing_parts
from .errors import SetupError
from .hub import Hub, Place
from .instance import hold, read_facts, write_facts
from .layout import Layout
from .processes import command_line
from .progress import Progress
from .settings import Settings
from .step import Step, Workshop
from .steps import Setup
from .welcome import address, has_own_sign_in, ready_text

__all__ = ["run"]

_CHECKOUT = Path(__file__).resolve().parents[2]
_STEPS = 7
_INTERNAL = {"hub_port": 8081, "proxy_api_port": 8001, "service_port": 8082}
_HEALTH = ("/hub/health", "/services/gavip/api/v1/health")
_OWN = ("configurable-http-proxy", "gavip_hub serve", "gavip_hub work")
_MISLEADING = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_TARGET", "PIP_PREFIX")
_INTERRUPTED = 130


class _Ended(BaseException):
    """Somebody asked this process to end."""


def run() -> int:
    """Set up, run until the end is asked for, and return the exit status."""
    for name in _MISLEADING:
        os.environ.pop(name, None)
    os.environ.update(PYTHONNOUSERSITE="1", PIP_USER="0")
    os.umask(0o022)
    try:
        with _ending_by_signal():
            _run(Settings.read(os.environ, _CHECKOUT))
    except SetupError as error:
        print(error.text(), file=sys.stderr)
        return 1
    except _Ended:
        print("Ended before it ran. Finished steps are kept.")
        return _INTERRUPTED
    return 0


@contextmanager
def _ending_by_signal() -> Iterator[None]:
    """Turn Ctrl-C, a kill and a closed terminal into one exception."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise _Ended

    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _run(settings: Settings) -> None:
    layout = Layout(settings.state)
    layout.prepare()
    with hold(layout):
        ports.check_public(settings.bind, settings.port)
        fault = missing_parts()
        if fault is not None:
            raise fault
        layout.setup_log.write_bytes(b"")
        docker = probe_docker(os.environ)
        if settings.engine == "docker":
            choose("docker", docker, None)
        by_docker = docker.version is not None and settings.engine != "sandbox"
        steps = _STEPS + by_docker
        progress = Progress(sys.stdout, steps, live=sys.stdout.isatty())
        commands = Commands(layout.setup_log, progress)
        workshop = Workshop(settings.checkout, layout.stamps, commands, progress)
        setup = Setup(layout, workshop)
        engine = _set_up(settings, layout, setup, docker, workshop.do)
        facts = _facts(settings, layout, engine)
        write_facts(layout.facts, facts)
        _serve(settings, layout, setup, progress, facts)


def _set_up(
    settings: Settings,
    layout: Layout,
    setup: Setup,
    docker: DockerAnswer,
    do: Callable[[Step], None],
) -> Engine:
    """Do the steps before the start, and return the engine that works here."""
    do(setup.hub_environment())
    engine = choose(settings.engine, docker, probe_sandbox(setup.bwrap))
    do(setup.session_environment())
    do(setup.proxy())
    do(setup.wheel())
    do(setup.gavip(layout.hub, layout.session))
    do(setup.stars())
    if engine.name == "docker":
        do(setup.image(engine))
    make_secrets(layout)
    read_or_make(layout.passwords)
    return engine


def _facts(settings: Settings, layout: Layout, engine: Engine) -> dict[str, Any]:
    """Return what jupyterhub_config.py has to know of this run."""
    last = read_facts(layout.facts)
    taken = {settings.port}
    chosen: dict[str, int] = {}
    for name, usual in _INTERNAL.items():
        wishes = [port for port in (last.get(name), usual) if isinstance(port, int)]
        chosen[name] = ports.choose(wishes, taken, "0.0.0.0")  # noqa: S104  (a test)
        taken.add(chosen[name])
    return {
        **chosen,
        "address": address(settings.bind, settings.port),
        "bind": settings.bind,
        "docker_host": engine.docker_host,
        "engine": engine.name,
        "engine_why": engine.why,
        "keep_sessions": settings.keep_sessions,
        "pid": os.getpid(),
        "port": settings.port,
        "version": sources.version(settings.checkout),
    }


def _hub_environ(
    settings: Settings, setup: Setup, facts: dict[str, Any]
) -> dict[str, str]:
    environ = dict(os.environ)
    environ["PATH"] = f"{setup.path}:{environ.get('PATH', os.defpath)}"
    environ["GAVIP_STATE"] = str(settings.state)
    environ["GAVIP_ENGINE"] = facts["engine"]
    if facts["docker_host"]:
        environ["DOCKER_HOST"] = facts["docker_host"]
    return environ


def _serve(
    settings: Settings,
    layout: Layout,
    setup: Setup,
    progress: Progress,
    facts: dict[str, Any],
) -> None:
    """Run the hub until it ends or its end is asked for."""
    program = layout.hub / "bin" / "jupyterhub"
    argv: list[str | Path] = [program, "-f", settings.config]
    hub = Hub(layout.hub_log)

    def spare(pid: int) -> bool:
        line = command_line(pid)
        return settings.keep_sessions and not any(word in line for word in _OWN)

    try:
        with progress.step("Starting hub, proxy and service"):
            facts["hub_pid"] = hub.start(
                argv, layout.data, _hub_environ(settings, setup, facts)
            )
            write_facts(layout.facts, facts)
            host = "127.0.0.1" if settings.bind in {"0.0.0.0", "::"} else settings.bind  # noqa: S104
            behind = (facts["hub_port"], facts["service_port"])
            place = Place(host, settings.port, behind)
            hub.wait_ready(place, _HEALTH, lambda: progress.tick(""))
        said = ready_text(
            facts,
            layout,
            show_password=sys.stdout.isatty(),
            own_sign_in=has_own_sign_in(settings.config.read_text()),
        )
        print(said, flush=True)
        hub.wait_end()
        raise hub.ended()
    except _Ended:
        progress.say("Ending sessions, service, proxy and hub ... (again: at once)")
    finally:
        try:
            hub.stop(spare=spare)
        except _Ended:
            hub.kill(spare=spare)
    progress.say("Ended. Everything is kept in " + str(settings.state))
