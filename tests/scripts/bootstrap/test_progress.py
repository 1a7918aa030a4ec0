import io

import pytest
from bootstrap.progress import Progress, in_words


class _Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_plain_output_has_one_line_for_a_start_and_one_for_an_end() -> None:
    """Where nobody watches, output of commands does not fill the log."""
    out, clock = io.StringIO(), _Clock()
    progress = Progress(out, 2, live=False, clock=clock)
    progress.skip("the proxy")
    with progress.step("stars (17 MB)"):
        progress.tick("some line of pip")
        clock.now_s += 65

    assert out.getvalue().splitlines() == [
        "[1/2] the proxy: ready",
        "[2/2] stars (17 MB) ...",
        "      done in 1 min 05 s",
    ]


def test_a_terminal_shows_the_last_line_of_the_command() -> None:
    """On a terminal the step's line lives, and ends as one plain line."""
    out, clock = io.StringIO(), _Clock()
    progress = Progress(out, 1, live=True, clock=clock)
    with progress.step("stars"):
        clock.now_s += 3
        progress.tick("Downloading gaia")

    assert "stars (3 s)  Downloading gaia" in out.getvalue()
    assert out.getvalue().endswith("[1/1] stars: done in 3 s\n")


def test_a_step_that_fails_is_not_called_done() -> None:
    """An error ends the step's line with another word."""
    out = io.StringIO()
    progress = Progress(out, 1, live=False, clock=_Clock())

    with pytest.raises(KeyboardInterrupt), progress.step("stars"):
        raise KeyboardInterrupt

    assert "not finished" in out.getvalue()
    assert "done" not in out.getvalue()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min 00 s"), (3725, "62 min 05 s")],
)
def test_durations_read_well(seconds: float, words: str) -> None:
    """Seconds up to a minute, then minutes and seconds."""
    assert in_words(seconds) == words
