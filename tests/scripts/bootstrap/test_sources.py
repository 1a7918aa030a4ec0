import json
from pathlib import Path

import pytest
from bootstrap.errors import SetupError
from bootstrap.sources import PARTS, copy_sources, version


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a small checkout that was built in."""
    folder = tmp_path / "checkout"
    for name in (
        "pyproject.toml",
        "gavip_hub/__init__.py",
        "gavip_server_ext/__init__.py",
        "gavip_server_ext/labextension/package.json",
        "labextension/package.json",
        "labextension/.yarnrc.yml",
        "labextension/lib/index.js",
        "labextension/node_modules/react/index.js",
        "avi_image/gavip/__init__.py",
        "avi_image/Dockerfile",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"version": "1.2.3"}))
    return folder


def _names(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    }


def test_the_copy_has_the_sources_alone(checkout: Path, tmp_path: Path) -> None:
    """Results of earlier builds and what the wheel does not hold stay behind."""
    copy_sources(checkout, tmp_path / "copy")

    assert _names(tmp_path / "copy") == {
        "pyproject.toml",
        "gavip_hub/__init__.py",
        "gavip_server_ext/__init__.py",
        "labextension/package.json",
        "labextension/.yarnrc.yml",
        "avi_image/gavip/__init__.py",
    }


def test_a_second_copy_drops_what_is_gone_and_keeps_the_modules(
    checkout: Path, tmp_path: Path
) -> None:
    """A file deleted from the sources leaves the copy; fetched modules stay."""
    copy = tmp_path / "copy"
    copy_sources(checkout, copy)
    (copy / "labextension" / "node_modules").mkdir()
    (copy / "labextension" / "node_modules" / "kept.js").touch()
    (copy / "gavip_server_ext" / "labextension").mkdir()
    (copy / "gavip_server_ext" / "labextension" / "built.js").touch()
    (checkout / "gavip_hub" / "__init__.py").unlink()

    copy_sources(checkout, copy)

    names = _names(copy)
    assert "labextension/node_modules/kept.js" in names
    assert "gavip_hub/__init__.py" not in names
    assert "gavip_server_ext/labextension/built.js" not in names


def test_the_version_is_the_extensions(checkout: Path) -> None:
    """One version, kept in package.json."""
    assert version(checkout) == "1.2.3"


def test_a_checkout_that_is_not_whole_is_named(checkout: Path) -> None:
    """A missing package.json is an error with its path."""
    (checkout / "labextension" / "package.json").unlink()

    with pytest.raises(SetupError, match="labextension"):
        version(checkout)


def test_every_part_of_the_wheel_is_there() -> None:
    """The list of parts names what the checkout holds."""
    root = Path(__file__).resolve().parents[3]

    assert [part for part in PARTS if not (root / part).exists()] == []
