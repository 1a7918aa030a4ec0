"""The reference says what there is, and nothing that there is not."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from traitlets.config import Config

import gavip_hub.client.errors
import gavip_hub.web.callers  # noqa: F401  (it defines errors of its own)
from gavip_hub.config import Gavip
from gavip_hub.domain.errors import GavipError
from gavip_hub.domain.launch import EndCode
from gavip_hub.installation import SCOPES, install_on
from gavip_hub.web.problems import STATUS
from tests.support.api import operations

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
PAGES = sorted([CHECKOUT / "README.md", *DOCS.rglob("*.md")])


def rows(page: str) -> list[list[str]]:
    """Return the cells of all tables of a page of the reference."""
    text = (DOCS / "reference" / f"{page}.md").read_text()
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if not set("".join(row)) <= set("-:")]


def words(page: str, column: int = 0) -> set[str]:
    """Return everything in code marks in one column of a page's tables."""
    return {
        word
        for row in rows(page)
        if len(row) > column
        for word in re.findall(r"`([^`]+)`", row[column])
    }


def errors(kind: type[GavipError] = GavipError) -> Iterator[type[GavipError]]:
    """Yield all errors."""
    yield kind
    for below in kind.__subclasses__():
        yield from errors(below)


def test_every_setting_is_described_with_its_default() -> None:
    """Neither a setting nor a row is missing."""
    settings = Gavip.class_traits(config=True)
    described = {row[0]: row[1] for row in rows("settings")[1:] if len(row) == 3}
    described = {
        name.strip("`").removeprefix("c.Gavip."): default.strip("`")
        for name, default in described.items()
        if name.startswith("`")
    }
    assert described.keys() == settings.keys()
    made = Gavip()
    for name, default in described.items():
        assert ast.literal_eval(default) == getattr(made, name), name


def test_every_error_is_described() -> None:
    """Each code has a row, with the status that it means."""
    described = {row[0].strip("`"): row[1] for row in rows("errors") if len(row) > 2}
    for kind in errors():
        if kind.__module__.startswith("gavip_hub"):
            assert kind.code in words("errors"), kind
    for kind, status in STATUS:
        assert described[kind.code] == str(status.value), kind


def test_every_end_is_described() -> None:
    """Whoever reads a code of an end finds what it means."""
    assert {code.value for code in EndCode} <= words("errors")


def test_every_scope_and_role_is_described(tmp_path: Path) -> None:
    """What `install` sets up is what the page says."""
    c = Config()
    c.Gavip.state_dir = str(tmp_path)
    install_on(c)
    described = words("scopes") | words("scopes", 1) | words("scopes", 2)
    contains = {row[0]: row[2] for row in rows("scopes") if len(row) == 3}
    for scope, facts in SCOPES.items():
        held = ", ".join(f"`{one}`" for one in facts.get("subscopes", []))
        assert contains[f"`{scope}`"] == held
    for role in c.JupyterHub.load_roles:
        row = next(row for row in rows("scopes") if row[0] == f"`{role['name']}`")
        assert re.findall(r"`([^`]+)`", row[2]) == role["scopes"]
    assert c.JupyterHub.extra_user_scopes <= described
    assert set(c.Spawner.server_token_scopes) <= described


def test_every_command_is_described() -> None:
    """Commands and their options are on the page, and no others."""

    def told(*words: str) -> str:
        command = [sys.executable, "-m", "gavip_hub", *words, "--help"]
        return subprocess.run(
            command, check=True, capture_output=True, text=True
        ).stdout

    found = re.search(r"\{([a-z,-]+)\}", told())
    assert found is not None
    commands = found[1].split(",")
    described = {word for word in words("cli") if word.startswith("gavip-hub ")}
    assert described == {f"gavip-hub {command}" for command in commands}
    text = (DOCS / "reference" / "cli.md").read_text()
    for command in commands:
        for option in set(re.findall(r"--[a-z-]+", told(command))) - {"--help"}:
            assert option in text, (command, option)


def test_every_route_is_described() -> None:
    """The page of the API has the paths and verbs of the contract."""
    described = {
        (verb, row[0].strip("`"))
        for row in rows("api")[1:]
        for verb in row[1].split(", ")
    }
    assert described == {(verb, path) for verb, path, _ in operations()}


@pytest.mark.parametrize(
    "page", PAGES, ids=lambda page: str(page.relative_to(CHECKOUT))
)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the checkout finds one."""
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), target
