"""No template or script of ours lets text become markup."""

import re
from pathlib import Path

import pytest

import gavip_hub

SHARE = Path(gavip_hub.__file__).parent / "share"

FORBIDDEN = re.compile(
    r"\|\s*safe\b|autoescape\s+false|innerHTML|outerHTML|insertAdjacentHTML"
    r"|document\.write|\beval\(|new Function|\.html\(|console\.(log|debug)"
)
"""What would put text into a page unescaped, or litter the console."""

FILES = sorted(
    path for path in SHARE.rglob("*") if path.suffix in {".html", ".js", ".svg"}
)


def test_there_are_files_to_look_at() -> None:
    """The gate looks at the real files."""
    assert {"page.html", "launch.html", "live.js"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_is_put_in_unescaped(path: Path) -> None:
    """Neither ``|safe`` nor ``innerHTML`` nor their kin stand in a file of ours."""
    assert FORBIDDEN.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.parent.name == "service"],
    ids=lambda path: path.name,
)
def test_pages_of_the_service_keep_to_their_policy(path: Path) -> None:
    """No inline script, style or handler, which the policy would block."""
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"<style|\s(style|on[a-z]+)=", text)
