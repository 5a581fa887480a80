"""How the run of a flow can end, and what it can say before, as it crosses the pipe from its process."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from noukai_wire import limits


@dataclass(frozen=True, slots=True)
class Progress:
    """The flow has come so far."""

    said: Mapping[str, Any]


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


Outcome = Returned | Raised
_KINDS: dict[str, type[Progress | Returned | Raised]] = {kind.__name__: kind for kind in (Progress, Returned, Raised)}


def to_line(said: Progress | Outcome) -> bytes:
    """Write one line of the pipe."""
    return json.dumps({type(said).__name__: asdict(said)}).encode() + b"\n"


def from_line(line: bytes) -> Progress | Outcome | None:
    """Read one line of the pipe; None for what a flow has scribbled on it."""
    try:
        ((kind, values),) = json.loads(line).items()
        return _KINDS[kind](**values)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def describe_error(error: BaseException) -> str:
    """Give an exception's type and message as a caller may see them: no more than 2 KB of valid text."""
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return text.encode("utf-8", "replace")[: limits.MAX_ERROR_BYTES].decode("utf-8", "ignore")


def result_of(value: object) -> Outcome:
    """Turn what a flow returned into its result; what is not JSON, or too large, is an error of the flow."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        return Raised(f"{describe_error(error)} (a flow returns what JSON can hold)", permanent=True)
    if size > limits.MAX_RESULT_BYTES:
        allowed = limits.MAX_RESULT_BYTES
        return Raised(f"ValueError: the result is {size} bytes of JSON; at most {allowed} are kept", permanent=True)
    return Returned(text)
