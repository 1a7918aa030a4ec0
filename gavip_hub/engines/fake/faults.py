"""What can be made to go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from gavip_hub.domain.errors import InvalidField

__all__ = ["Faults", "faults_from_words"]


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults to order; none by default."""

    start_delay_s: float = 0.0
    """How long every create takes."""
    fail_every: int = 0
    """Each so-manyth create fails and leaves nothing; 0 for none."""
    time_out_every: int = 0
    """Each so-manyth create is done and yet reported as timed out; 0 for none."""
    dies_after_s: float = 0.0
    """When everything dies with an error by itself; 0 for never."""
    lost_on_restart: bool = False
    """Whether a new engine finds that what ran before it has vanished."""
    hangs: bool = False
    """Whether no call is answered."""
    missing: bool = False
    """Whether there is no engine."""
    timeout_s: float = 30.0
    """After how long a call that hangs is given up."""
    run_s: float = 0.0
    """How long unknown commands run; 0 for until they are stopped."""


def faults_from_words(words: Mapping[str, str]) -> Faults:
    """Return the faults that a configuration orders.

    Parameters
    ----------
    words
        The name of each fault with its figure, or ``true``, as text.

    Raises
    ------
    InvalidField
        Raised if there is no such fault, or its figure is none.
    """
    defaults = {one.name: one.default for one in fields(Faults)}
    found: dict[str, float | int | bool] = {}
    for name, text in words.items():
        if name not in defaults:
            raise InvalidField(
                f"There is no fault {name}; there are {', '.join(defaults)}.",
                field="faults",
            )
        default = defaults[name]
        try:
            found[name] = _figure(text, default)
        except ValueError as error:
            raise InvalidField(
                f"The fault {name} cannot be {text!r}.", field="faults"
            ) from error
    return Faults(**found)  # type: ignore[arg-type]  # checked against the defaults


def _figure(text: str, default: object) -> float | int | bool:
    if isinstance(default, bool):
        if text not in {"true", "false"}:
            raise ValueError(text)
        return text == "true"
    return int(text) if isinstance(default, int) else float(text)
