"""The protocol from a flow process to its worker: lines that begin with a secret token.

A flow can write to any of its descriptors, so a line without the token is dropped.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from json import dumps, loads
from typing import Any

from noukai.flow.runtime import Raised, Returned
from noukai_functions.jobs.lifecycle import Payload

Outcome = Returned | Payload | Raised
"""How a flow's run ended; a flow that returned what is too large for a row has left it as an object."""

_KINDS: dict[str, type[Outcome]] = {kind.__name__: kind for kind in (Returned, Payload, Raised)}

_MOST_BYTES = 1 << 20
"""More than any answer has: results too large for a row are stored as objects."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a call, or of the import before the first call.

    `outcome` is None after a successful import.
    """

    outcome: Outcome | None = None
    is_clean: bool = False
    """Whether another attempt may run in this process."""

    def line(self, token: str) -> bytes:
        """Return the answer as a line of its own, whatever was written before."""
        outcome = self.outcome
        said = None if outcome is None else {type(outcome).__name__: asdict(outcome)}
        return f"\n{token} {dumps([said, self.is_clean])}\n".encode()

    @classmethod
    def read(cls, line: bytes, token: str) -> "Answer | None":
        """Parse a line; return None if it does not begin with the token."""
        begin = token.encode() + b" "
        if not line.startswith(begin):
            return None
        try:
            said, is_clean = loads(line[len(begin) :])
            return cls(None if said is None else _outcome_of_kind(said), bool(is_clean))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls(Raised("ProcessDied: the flow's process sent an unreadable answer"))


def _outcome_of_kind(said: Mapping[str, Any]) -> Outcome:
    """Make an outcome of its kind's name and its values."""
    ((kind, values),) = said.items()
    return _KINDS[kind](**values)


class LineReader:
    """A splitter of a pipe's bytes into lines."""

    def __init__(self) -> None:
        self._begun = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the complete lines; drop a line that is too long for an answer."""
        *lines, self._begun = (self._begun + data).split(b"\n")
        if len(self._begun) > _MOST_BYTES:
            self._begun = b""
        return lines
