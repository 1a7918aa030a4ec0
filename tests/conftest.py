"""Fixtures of the whole suite: the real parts that tests run against."""

from hypothesis import settings

settings.register_profile("gavip", settings(), deadline=None)
settings.load_profile("gavip")

pytest_plugins = [
    "tests.support.browser",
    "tests.support.docker",
    "tests.support.image",
    "tests.support.postgres",
    "tests.support.tap",
]
