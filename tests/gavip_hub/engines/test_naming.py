"""Names that never meet."""

# ruff: noqa: RUF001 - near twins of letters are what this is about

import itertools
import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from gavip_hub.engines.naming import MAX_NAME_LENGTH, safe_name, volume_name

TWINS = [
    "alice", "Alice", "ALICE", "alice-", "-alice", "al.ice", "al-ice", "al_ice",
    "álice", unicodedata.normalize("NFD", "álice"), "alice ", "аlice", "a" * 60,
    "a" * 61, "alice.", "..", ".", "ａlice", "ı", "i", "İ", "ß", "ss", "xn--a", "李",
]  # fmt: skip

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")


def test_near_twins_stay_apart() -> None:
    """Names that differ by case, dots, dashes or accents have names of their own."""
    names = [safe_name(one) for one in TWINS]
    assert len(set(names)) == len(TWINS)


def test_a_plain_name_stays_readable() -> None:
    """A name of small letters and digits is its own."""
    assert safe_name("alice7") == "alice7"
    assert safe_name("Al.Ice").startswith("al-ice-")
    assert volume_name("main", "alice") == "gavip-main-alice"


@given(st.text(min_size=1, max_size=80))
def test_every_result_is_safe_everywhere(name: str) -> None:
    """Whatever the name, the result is a folder, a volume and a host label."""
    result = safe_name(name)
    assert LABEL.fullmatch(result)
    assert len(result) <= MAX_NAME_LENGTH
    assert not result.startswith("xn--")


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_different_names_have_different_results(one: str, other: str) -> None:
    """Two names give the same result only if they are the same."""
    assert (safe_name(one) == safe_name(other)) == (one == other)


@given(st.text(min_size=1, max_size=30))
def test_variants_of_one_name_stay_apart(name: str) -> None:
    """Upper case, other normal forms and added signs never meet the name itself."""
    forms = [unicodedata.normalize(form, name) for form in ("NFC", "NFD", "NFKC")]
    near = {name, name.upper(), name.lower(), name + ".", name + "-", *forms}
    for one, other in itertools.combinations(sorted(near), 2):
        assert safe_name(one) != safe_name(other)


@given(st.text(min_size=1, max_size=40))
def test_a_result_is_never_another_name_s_twin(name: str) -> None:
    """Taking a result for a user's name does not lead into that user's folder."""
    result = safe_name(name)
    assert (safe_name(result) == result) == (result == name)
