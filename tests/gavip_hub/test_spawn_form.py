"""The spawn form: what it shows, what it marks, and how it is read."""

import html
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gavip_hub.api import models, translate
from gavip_hub.domain.amounts import format_about
from gavip_hub.settings import Settings, Size
from gavip_hub.spawn_form import FIELDS, read_form, render_form
from tests.support.launches import make_capacity, make_info, resources

SETTINGS = Settings()

HOSTILE = "\"'><script>alert(1)</script>{{ 7*7 }}"


def estimate(**changes: Any) -> models.Estimate:
    """Return the estimate of a size that would start at once, but for the changes."""
    words: dict[str, Any] = {
        "resources": resources(),
        "walltime_s": 3600,
        "fits": True,
        "now": True,
        "position": 0,
        "reason": "Starts at once.",
        "estimated_start": datetime(2026, 11, 23, 12, tzinfo=UTC),
        "wait_s": 0,
    }
    return models.Estimate(**words | changes)


NOW = estimate()
LATER = estimate(now=False, wait_s=720, reason="Waits for 4 GB of memory.", position=1)
NEVER = estimate(
    now=False, fits=False, wait_s=None, reason="No node has 16 GB.", position=None
)
UNTOLD = estimate(now=False, wait_s=None, reason="Set aside.", position=2)


def form(
    estimates: list[models.Estimate] | None = None,
    last: dict[str, str] | None = None,
    **changes: Any,
) -> str:
    """Return the form while the service answers, but for the changes."""
    words: dict[str, Any] = {
        "info": make_info(),
        "capacity": make_capacity(),
        "settings": SETTINGS,
    }
    words |= changes
    return str(
        render_form(
            words.pop("info"),
            words.pop("capacity"),
            [NOW, LATER, NEVER] if estimates is None else estimates,
            last or {},
            **words,
        )
    )


def told(page: str) -> str:
    """Return what a form says, without its tags."""
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    return re.sub(r"\s+", " ", text)


def tag_of(page: str, **attributes: str) -> str:
    """Return the one input with these attributes."""
    found = [
        tag
        for tag in re.findall(r"<input[^>]*>", page)
        if all(f'{name}="{value}"' in tag for name, value in attributes.items())
    ]
    assert len(found) == 1
    return str(found[0])


def value_of(page: str, name: str) -> str:
    """Return what a field holds."""
    match = re.search(r'value="([^"]*)"', tag_of(page, name=name, id=name))
    assert match is not None
    return html.unescape(match[1])


def test_each_size_says_when_it_would_start() -> None:
    """Now, about so long, and never with its reason stand on the cards."""
    words = told(form())
    assert "Small 1 core, 2 GB for up to 4 h Starts now" in words
    assert "Starts in about 12 minutes Waits for 4 GB of memory." in words
    assert "Not possible No node has 16 GB." in words


def test_a_start_that_nobody_can_tell_is_said_so() -> None:
    """A wait without an estimate is told as one."""
    assert "nobody can tell how long" in told(form([UNTOLD, NOW, NOW]))


def test_what_is_free_and_held_is_told() -> None:
    """The form says what is free, who waits, and what one holds already."""
    words = told(form())
    assert "Free now: 6 of 16 cores, 28 GB of 64 GB 2 launches wait" in words
    assert "You hold 1 of 8 cores, 2 GB of 32 GB" in words


def test_a_size_that_never_fits_cannot_be_chosen() -> None:
    """Its button is off, and the form begins with one that can start."""
    page = form([NEVER, NOW, NOW])
    assert "disabled" in tag_of(page, name="size", value="S")
    assert "checked" in tag_of(page, name="size", value="M")


def test_without_any_possible_size_ones_own_amounts_are_chosen() -> None:
    """If no size fits, the form begins with the free fields."""
    page = form([NEVER, NEVER, NEVER])
    assert "checked" in tag_of(page, name="size", value="")


@pytest.mark.parametrize("missing", ["info", "capacity", "estimates", "all"])
def test_the_form_works_while_the_service_is_away(missing: str) -> None:
    """It says in words what it cannot tell, and every field is there."""
    page = str(
        render_form(
            None if missing in {"info", "all"} else make_info(),
            None if missing in {"capacity", "all"} else make_capacity(),
            None if missing in {"estimates", "all"} else [NOW, NOW, NOW],
            {},
            settings=SETTINGS,
        )
    )
    assert "does not answer at the moment" in told(page)
    assert set(re.findall(r'name="(\w+)"', page)) == set(FIELDS)
    assert "checked" in tag_of(page, name="size", value="S")


def test_the_last_choice_is_filled_in() -> None:
    """Amounts of one's own come back in the units of the fields."""
    last = {"cpu": "1500m", "memory": "3G", "walltime": "90m", "display_name": "M31"}
    page = form(last=last)
    assert "checked" in tag_of(page, name="size", value="")
    assert value_of(page, "cpu") == "1.5"
    assert value_of(page, "memory") == "3"
    assert value_of(page, "walltime") == "1.5"
    assert value_of(page, "display_name") == "M31"


def test_the_last_size_is_chosen_again() -> None:
    """A size of the last time is checked, one that is gone is not."""
    assert "checked" in tag_of(form(last={"size": "M"}), name="size", value="M")
    assert "checked" in tag_of(form(last={"size": "XXL"}), name="size", value="S")


@pytest.mark.parametrize("field", ["cpu", "memory", "walltime", "display_name"])
def test_a_refused_field_is_marked(field: str) -> None:
    """The field is invalid for assistive software, and its message belongs to it."""
    page = form(error_field=field, error_message="Too much of it.")
    tag = tag_of(page, name=field, id=field)
    assert 'aria-invalid="true"' in tag
    assert f'aria-describedby="{field}-error' in tag
    assert f'id="{field}-error">Too much of it.</p>' in page
    assert page.count('aria-invalid="true"') == 1


def test_a_refused_size_is_marked() -> None:
    """A size that is refused marks the group of sizes."""
    page = form(error_field="size", error_message="No such size.")
    assert 'aria-describedby="size-error"' in page
    assert 'id="size-error">No such size.</p>' in page


def test_an_unknown_error_field_marks_nothing() -> None:
    """A field that the form lacks is left to the page above it."""
    page = form(error_field='gpu"><b>', error_message="Nope.")
    assert "Nope." not in page
    assert "<b>" not in page


def test_hostile_values_are_text() -> None:
    """Whatever the service, the settings or the user say is escaped."""
    size = Size(HOSTILE, HOSTILE, SETTINGS.rules.sizes[0].resources, timedelta(hours=1))
    rules = replace(SETTINGS.rules, sizes=(size,), default_size=HOSTILE)
    page = form(
        [estimate(fits=False, now=False, reason=HOSTILE)],
        dict.fromkeys(FIELDS, HOSTILE),
        info=make_info().model_copy(update={"notes": [HOSTILE]}),
        settings=replace(SETTINGS, rules=rules),
        error_field="cpu",
        error_message=HOSTILE,
    )
    assert "<script" not in page
    assert "49" not in page
    assert told(page).count(HOSTILE) >= 4


def test_numbers_of_the_form_get_their_units() -> None:
    """Bare numbers are cores, gigabytes and hours, as the form says beside them."""
    posted = {"size": [""], "cpu": ["1.5"], "memory": ["4"], "walltime": ["0.5"]}
    choice = read_form(posted)
    assert choice == {"cpu": "1.5", "memory": "4G", "walltime": "0.5h"}
    request = translate.from_form("ada", "", choice, SETTINGS.rules)
    assert request.resources.cpu_milli == 1_500
    assert request.resources.memory_bytes == 4 * 10**9
    assert request.walltime == timedelta(minutes=30)


def test_a_size_outweighs_numbers_left_in_the_fields() -> None:
    """Who tried the free fields and then took a size gets the size."""
    posted = {"size": ["M"], "cpu": ["9"], "memory": ["99"], "walltime": ["2"]}
    assert read_form(posted) == {"size": "M", "walltime": "2h"}


def test_units_that_were_typed_are_kept() -> None:
    """Text with a unit, as programs send it, means what it says."""
    posted = {"memory": ["512M"], "walltime": ["90m"], "cpu": ["500m"]}
    assert read_form(posted) == {"memory": "512M", "walltime": "90m", "cpu": "500m"}


@given(
    st.dictionaries(
        st.sampled_from([*FIELDS, "image", "volumes", "env"]),
        st.lists(st.text(max_size=300), max_size=3),
    )
)
def test_reading_never_fails_and_keeps_to_the_fields(
    posted: dict[str, list[str]],
) -> None:
    """Whatever is posted becomes short texts of the known fields, at most."""
    choice = read_form(posted)
    assert set(choice) <= set(FIELDS)
    assert all(0 < len(text) <= 201 for text in choice.values())


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "about a minute"),
        (89, "about a minute"),
        (720, "about 12 minutes"),
        (5_340, "about 89 minutes"),
        (7_800, "about 2 h 10 min"),
        (90_000, "about 1 d 1 h"),
    ],
)
def test_waits_are_told_roughly(seconds: int, words: str) -> None:
    """An estimate has no seconds, and no minutes where there are days."""
    assert format_about(timedelta(seconds=seconds)) == words
