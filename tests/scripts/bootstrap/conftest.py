"""The bootstrap is imported as `make run` does it: from the folder scripts."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "scripts"))
