"""The settings of environments that are kept warm."""

from difflib import get_close_matches
from typing import Annotated, Any
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, model_validator
from pydantic.dataclasses import dataclass
from pydantic_core import ArgsKwargs

from noukai_infra.settings.checks import A_NUMBER, STRICT
from noukai_infra.settings.workers.cron import Cron

WARM_SHARE = "WarmShare"
"""The metadata of a scalable target with the part of a year in which it is warm, for the price."""


def _cron(text: str) -> str:
    Cron.parse(text)
    return text


def _zone(name: str) -> str:
    """Refuse what is no time zone, which AWS would refuse in the midst of a deploy."""
    known = available_timezones() or {name}  # a machine may have no zones
    if name not in known or not name.isprintable():
        nearest = get_close_matches(name, known, n=1)
        raise ValueError(f"be a time zone such as {nearest[0] if nearest else 'Europe/Berlin'}")
    return name


_Cron = Annotated[str, AfterValidator(_cron)]


def _named(given: Any) -> Any:
    """Return the values with `begin` for `from`, a word that Python keeps to itself."""
    values = given.kwargs if isinstance(given, ArgsKwargs) else given
    if not isinstance(values, dict):
        return given
    return {"begin" if name == "from" else name: value for name, value in values.items()}


@dataclass(frozen=True, config=STRICT)
class Warmth:
    """The number of environments that are kept ready, always or from one time of the week to another.

    `from` and `until` are cron expressions of five fields in the time zone `zone`.
    """

    count: Annotated[int, A_NUMBER, Field(ge=1, le=1000)] = 1
    begin: _Cron | None = None
    """The setting `from`."""
    until: _Cron | None = None
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"

    _rename = model_validator(mode="before")(_named)

    def __post_init__(self) -> None:
        """Refuse half a schedule.

        Raises:
            ValueError: `from` or `until` is missing.
        """
        if (self.begin is None) is not (self.until is None):
            raise ValueError("have both `from` and `until`, or neither to be warm all the time")

    @property
    def share(self) -> float:
        """Return the part of a year in which it is warm."""
        if self.begin is None or self.until is None:
            return 1.0
        return Cron.parse(self.begin).share_until(Cron.parse(self.until))


def _counted(value: Any) -> Any:
    """Take a number for that many environments, all the time."""
    return {"count": value} if isinstance(value, int | str) else value


Warm = Annotated[Warmth, BeforeValidator(_counted)]
