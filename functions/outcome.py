"""How the run of a flow can end, as it crosses the pipe from its process."""

import json
from dataclasses import asdict, dataclass

from functions.lifecycle import Payload
from noukai_wire import limits


@dataclass(frozen=True, slots=True)
class Returned:
    """The flow returned; `result` is its output as JSON text."""

    result: str


@dataclass(frozen=True, slots=True)
class Raised:
    """The flow raised, or returned what is no result; `retry_after` is in seconds."""

    error: str
    permanent: bool = False
    retry_after: float | None = None


Outcome = Returned | Payload | Raised
"""A flow that returned what is too large for a row has left it as an object."""

_KINDS: dict[str, type[Outcome]] = {kind.__name__: kind for kind in (Returned, Payload, Raised)}


def to_line(outcome: Outcome) -> bytes:
    """Write one line of the pipe."""
    return json.dumps({type(outcome).__name__: asdict(outcome)}).encode() + b"\n"


def from_line(line: bytes) -> Outcome | None:
    """Read one line of the pipe; None for what a flow has scribbled on it."""
    try:
        ((kind, values),) = json.loads(line).items()
        return _KINDS[kind](**values)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def result_of(value: object) -> Returned | Raised:
    """Turn what a flow returned, as JSON has it, into its result; what is too large is an error of the flow."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    size = len(text.encode())
    if size > limits.MAX_PAYLOAD_BYTES:
        allowed = limits.MAX_PAYLOAD_BYTES
        return Raised(f"ValueError: the result is {size} bytes of JSON; at most {allowed} are kept", permanent=True)
    return Returned(text)
