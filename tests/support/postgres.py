"""A real PostgreSQL server of the tests' own, with a new database for each test.

It listens on a socket in a folder that only its own user can enter, runs as an
ordinary user (``postgres`` if the tests run as root), and is gone afterwards.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.requirement import missing

__all__ = ["PostgresServer", "postgres", "running_postgres"]

_MEND = "on Debian: apt-get install postgresql"
_START_S = 60.0


def _programs() -> Path:
    newest = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"),
        key=lambda path: int(path.parts[-3]),
    )
    found = newest[-1] if newest else shutil.which("initdb")
    if found is None:
        missing("PostgreSQL", f"there is no initdb; {_MEND}")
    return Path(found).parent


def _person() -> dict[str, Any]:
    """Return whom to run as, since PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        missing("PostgreSQL", f"there is no user postgres; {_MEND}")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class PostgresServer:
    """A private cluster in a folder.

    Parameters
    ----------
    folder
        An empty folder with a short path, which the server's user owns.
    programs
        Where PostgreSQL's programs are.
    person
        Whom to run as, in the words of ``subprocess.Popen``.
    """

    def __init__(self, folder: Path, programs: Path, person: dict[str, Any]) -> None:
        self._folder = folder
        self._programs = programs
        self._person = person
        self._numbers = count(1)
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(
            [
                programs / "initdb",
                "--pgdata",
                folder / "data",
                "--username=gavip",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            **person,
        )

    def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = subprocess.Popen(
            [
                self._programs / "postgres",
                "-D",
                self._folder / "data",
                "-k",
                self._folder,
                "-c",
                "listen_addresses=",
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self._folder / "log").open("ab"),
            cwd=self._folder,
            **self._person,
        )
        give_up_at = time.monotonic() + _START_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up_at:
                raise RuntimeError((self._folder / "log").read_text())
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it at once, as a machine that loses power would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait()
            self._process = None

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://gavip@/{database}?host={self._folder}"

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        name = f"gavip{next(self._numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a server of one's own, to be stopped and started at will."""
    programs, person = _programs(), _person()
    folder = Path(tempfile.mkdtemp(prefix="gavip-pg-"))
    try:
        if person:
            os.chown(folder, person["user"], person["group"])
        server = PostgresServer(folder, programs, person)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Run one server for all tests that only want a database."""
    with running_postgres() as server:
        yield server
