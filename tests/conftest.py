"""Fixtures of the whole suite: the real parts that tests run against."""

import os

from hypothesis import settings

settings.register_profile("gavip", settings(), deadline=None)
# A gate says the same of the same code; new examples are looked for elsewhere.
settings.register_profile("ci", settings.get_profile("gavip"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "gavip")

pytest_plugins = [
    "tests.support.browser",
    "tests.support.docker",
    "tests.support.image",
    "tests.support.postgres",
    "tests.support.tap",
]
