"""A place in a job's log: behind a number of lines of an attempt."""

import re
from dataclasses import dataclass
from typing import Self

from noukai_functions.refusals import InvalidInputError
from noukai_wire.limits import MAX_ATTEMPTS

_PLACE = re.compile(r"([1-9][0-9]?)-([0-9]{1,9})(?:-([0-9]{1,13}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """The place before the line with the number `line`, counted from 0, of an attempt's log.

    An attempt's log only grows, so that a place stays valid while the job is kept. Its text has the job's
    creation time, since the id of an expired job may be used again.
    """

    attempt: int
    line: int

    @classmethod
    def parse(cls, text: str, created_at: int) -> Self:
        """Parse the text of a place in the log of a job created at `created_at`; refuse another text.

        A place of an earlier job with this id is the beginning of the log.
        """
        found = _PLACE.fullmatch(text)
        if found is None or int(found[1]) > MAX_ATTEMPTS:
            raise InvalidInputError([("after", "must be the `after` of a page of this log")])
        # Places of an earlier release have no creation time.
        if found[3] is not None and int(found[3]) != created_at:
            return cls(1, 0)
        return cls(int(found[1]), int(found[2]))

    def text(self, created_at: int) -> str:
        """Return the text of the place in the log of a job created at `created_at`."""
        return f"{self.attempt}-{self.line}-{created_at}"
