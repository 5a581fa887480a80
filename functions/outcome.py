"""The outcomes of a flow's run, as sent from its process."""

from collections.abc import Mapping
from dataclasses import dataclass
from json import dumps
from typing import Any

from functions.lifecycle import Payload
from noukai_wire import limits


@dataclass(frozen=True, slots=True)
class Returned:
    """The flow returned; `result` is its output as JSON text."""

    result: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The flow raised, or returned an invalid result; `retry_after` is in seconds.

    `trace` says for the log where it raised, and nothing of what its exceptions say.
    """

    error: str
    permanent: bool = False
    retry_after: float | None = None
    trace: str | None = None


Outcome = Returned | Payload | Raised
"""A flow that returned what is too large for a row has left it as an object."""

_KINDS: dict[str, type[Outcome]] = {kind.__name__: kind for kind in (Returned, Payload, Raised)}


def outcome_of_kind(said: Mapping[str, Any]) -> Outcome:
    """Make an outcome of its kind's name and its values."""
    ((kind, values),) = said.items()
    return _KINDS[kind](**values)


def result_of(value: object) -> Returned | Raised:
    """Convert a flow's JSON return value to its result.

    What is too large is an error of the flow.
    """
    text = dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    size = len(text.encode())
    if size > limits.MAX_PAYLOAD_BYTES:
        allowed = limits.MAX_PAYLOAD_BYTES
        return Raised(f"ValueError: the result is {size} bytes of JSON; at most {allowed} are kept", permanent=True)
    return Returned(text)
