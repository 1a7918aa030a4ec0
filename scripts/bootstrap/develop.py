"""The environment that the tests run in: .venv below the checkout."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from . import sources
from .commands import Commands
from .environments import identity, site_packages
from .errors import SetupError
from .extension import BUILT, build_extension
from .progress import Progress
from .stamps import fingerprint
from .step import Step, Workshop

__all__ = ["prepare"]

_CHECKOUT = Path(__file__).resolve().parents[2]
_STEPS = 4
_INSTALLED = ("gavip_hub/share", "gavip_server_ext/etc", "labextension/install.json")


def prepare() -> int:
    """Make or renew .venv, the extension's build, and the editable installation."""
    folder = _CHECKOUT / ".venv"
    own = folder / "gavip"
    own.mkdir(parents=True, exist_ok=True)
    progress = Progress(sys.stdout, _STEPS, live=sys.stdout.isatty())
    commands = Commands(own / "setup.log", progress)
    workshop = Workshop(_CHECKOUT, own, commands, progress)
    path = {"PATH": f"{folder / 'bin'}:{os.environ.get('PATH', os.defpath)}"}
    try:
        workshop.do(
            workshop.environment(
                folder,
                "the packages of hub, sessions and tests",
                "fetching about 350 MB, once",
                "requirements/dev.txt",
                anew=False,
            )
        )
        workshop.do(_linked(workshop.proxy(folder / "node", folder), folder))
        workshop.do(_extension(workshop, path))
        workshop.do(_editable(workshop, folder, path))
    except SetupError as error:
        print(error.text(), file=sys.stderr)
        return 1
    return 0


def _linked(step: Step, folder: Path) -> Step:
    """Return the proxy's step, which also puts its programs beside Python's."""
    links = {
        folder / "bin" / "node": folder / "node" / "bin" / "node",
        folder / "bin" / "configurable-http-proxy": (
            folder / "node" / "node_modules" / ".bin" / "configurable-http-proxy"
        ),
    }

    def act() -> None:
        step.act()
        for link, target in links.items():
            link.unlink(missing_ok=True)
            link.symlink_to(target)

    return Step(
        name=step.name,
        subject="Node and the proxy",
        cost=step.cost,
        digest=step.digest,
        products=(*step.products, *links),
        act=act,
    )


def _extension(workshop: Workshop, path: dict[str, str]) -> Step:
    """Return the step that builds the JupyterLab extension where it stands."""
    folder = workshop.checkout / "labextension"
    jlpm = workshop.checkout / ".venv" / "bin" / "jlpm"

    def act() -> None:
        build_extension(workshop.commands, folder, jlpm, path)

    return Step(
        name="extension",
        subject="the JupyterLab extension",
        cost="building, about a minute",
        digest=fingerprint(
            [folder],
            identity(),
            base=workshop.checkout,
            leave_out=sources.outputs(workshop.checkout),
        ),
        products=(
            folder / "node_modules",
            workshop.checkout / "gavip_server_ext" / "labextension" / "package.json",
        ),
        act=act,
    )


def _editable(workshop: Workshop, folder: Path, path: dict[str, str]) -> Step:
    """Return the step that installs gavip so that its sources are what runs."""
    built = workshop.checkout / "gavip_server_ext" / "labextension"
    inputs = [workshop.checkout / name for name in ("pyproject.toml", *_INSTALLED)]

    def act() -> None:
        arguments = ["--no-deps", "--no-build-isolation", "--editable", "."]
        workshop.commands.run(
            [folder / "bin" / "python", "-m", "pip", "install", *arguments],
            doing="installing gavip",
            cwd=workshop.checkout,
            env={**path, **BUILT},
        )

    return Step(
        name="editable",
        subject="gavip itself, editable",
        cost="",
        digest=fingerprint([*inputs, built], identity(), base=workshop.checkout),
        products=(
            site_packages(folder) / "_gavip.pth",
            folder / "share" / "jupyter" / "labextensions" / "@gavip" / "lab",
        ),
        act=act,
    )
