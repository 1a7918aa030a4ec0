from pathlib import Path

import pytest
from bootstrap.stamps import Stamps, fingerprint


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Make a folder of sources."""
    folder = tmp_path / "sources"
    (folder / "package").mkdir(parents=True)
    (folder / "package" / "one.py").write_text("1\n")
    (folder / "lock.txt").write_text("a==1\n")
    return folder


def test_the_same_inputs_give_the_same_fingerprint_wherever_they_lie(
    sources: Path, tmp_path: Path
) -> None:
    """A checkout that was moved does not have to be set up again."""
    before = fingerprint([sources / "package"], base=sources)
    moved = sources.rename(tmp_path / "elsewhere")

    assert fingerprint([moved / "package"], base=moved) == before


@pytest.mark.parametrize("change", ["content", "name", "new", "gone", "word"])
def test_any_change_of_the_inputs_changes_it(sources: Path, change: str) -> None:
    """Content, names, new and missing files and other words all count."""
    before = fingerprint([sources], "1", base=sources)
    one = sources / "package" / "one.py"
    if change == "content":
        one.write_text("2\n")
    elif change == "name":
        one.rename(sources / "package" / "two.py")
    elif change == "new":
        (sources / "package" / "new.py").touch()
    elif change == "gone":
        one.unlink()

    word = "2" if change == "word" else "1"
    assert fingerprint([sources], word, base=sources) != before


def test_what_tools_leave_behind_does_not_count(sources: Path) -> None:
    """Caches, node modules and build results are no sources."""
    before = fingerprint([sources], base=sources, leave_out=[sources / "built"])
    for leftover in (
        "package/__pycache__/one.pyc",
        "node_modules/x.js",
        "tsconfig.tsbuildinfo",
        "built/y.js",
    ):
        path = sources / leftover
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    after = fingerprint([sources], base=sources, leave_out=[sources / "built"])
    assert after == before


def test_a_step_is_fresh_only_as_long_as_inputs_and_products_last(
    tmp_path: Path,
) -> None:
    """A stamp holds for its inputs, and only while the product is there."""
    stamps, product = Stamps(tmp_path), tmp_path / "product"
    product.touch()
    assert not stamps.is_fresh("step", "abc", product)

    stamps.put("step", "abc")
    assert stamps.is_fresh("step", "abc", product)
    assert not stamps.is_fresh("step", "other", product)

    product.unlink()
    assert not stamps.is_fresh("step", "abc", product)


def test_an_interrupted_step_is_done_again(tmp_path: Path) -> None:
    """The stamp is away from a step's start to its end."""
    stamps = Stamps(tmp_path)
    stamps.put("step", "abc")
    stamps.clear("step")

    assert not stamps.is_fresh("step", "abc")
