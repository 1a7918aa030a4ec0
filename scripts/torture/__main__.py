"""``make torture ROUNDS=n``: kill parts of real platforms while people use them.

Half of the rounds go to a platform on the fake engine, whose record tells of every act,
half to one on the sandbox engine, whose processes are watched; both at once. The same
``SEED`` makes the same choices; how the processes meet them is up to the machine.
"""

import argparse
import json
import os
import secrets
import sys
import tempfile
from pathlib import Path

from scripts.torture.torture import torture

__all__ = ["main"]


def main() -> int:
    """Torture, print the figures, and return the exit status."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    seed = os.environ.get("SEED") or secrets.randbelow(10**6)
    parser.add_argument("--seed", type=int, default=int(seed))
    parser.add_argument("--keep", type=Path, help="folder for logs and records")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gavip-torture-") as folder:
        figures, stories = torture(
            asked.keep or Path(folder), rounds=asked.rounds, seed=asked.seed
        )
    for story in stories:
        print(story, file=sys.stderr)
    print(json.dumps({**figures, "seed": asked.seed}))
    return 1 if stories else 0


if __name__ == "__main__":
    sys.exit(main())
