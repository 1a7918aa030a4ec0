"""``gavip-hub``: the service's commands."""

import argparse
import sys

from gavip_hub import __version__
from gavip_hub.supervise import keep_running

__all__ = ["main"]


def main() -> None:
    """Run one command of ``gavip-hub``.

    Notes
    -----
    What a command needs is imported when it runs: ``serve`` only watches over
    ``work`` and stays small.
    """
    parser = argparse.ArgumentParser(prog="gavip-hub", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "serve", help="keep the service running; JupyterHub starts this itself"
    )
    commands.add_parser("work", help="run the service once, without a watcher")
    migrate = commands.add_parser("migrate", help="bring the database up to date")
    migrate.add_argument("--url", help="database; the settings' own if left out")
    arguments = parser.parse_args()
    if arguments.command == "serve":
        sys.exit(keep_running([sys.executable, "-m", "gavip_hub", "work"]))
    from gavip_hub import service  # noqa: PLC0415  (see the notes)

    if arguments.command == "work":
        service.work()
    else:
        service.migrate(arguments.url)


if __name__ == "__main__":
    main()
