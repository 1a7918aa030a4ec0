"""Fixtures of the whole suite: the real parts that tests run against."""

pytest_plugins = [
    "tests.support.browser",
    "tests.support.docker",
    "tests.support.postgres",
    "tests.support.tap",
]
