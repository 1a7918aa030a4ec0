#!/usr/bin/env python3
"""Prepare .venv for the tests: what `make dev` and `make test` call."""

from __future__ import annotations

import sys

from bootstrap.develop import prepare

__all__: list[str] = []

if __name__ == "__main__":
    sys.exit(prepare())
