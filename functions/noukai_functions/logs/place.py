"""A place in a job's log: behind a number of lines of an attempt."""

import re
from dataclasses import dataclass
from typing import Self

from noukai_functions.refusals import InvalidInputError
from noukai_wire.limits import MAX_ATTEMPTS

_PLACE = re.compile(r"([1-9][0-9]?)-([0-9]{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """The place before the line with the number `line`, counted from 0, of an attempt's log.

    An attempt's log only grows, so that a place stays valid while the job is kept.
    """

    attempt: int
    line: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the text of a place; refuse another text."""
        found = _PLACE.fullmatch(text)
        if found is None or int(found[1]) > MAX_ATTEMPTS:
            raise InvalidInputError([("after", "must be the `after` of a page of this log")])
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.attempt}-{self.line}"
