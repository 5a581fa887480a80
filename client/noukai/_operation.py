"""What the core and its drivers say to each other.

An operation is a generator that decides but does nothing: it yields steps and returns its outcome. A driver performs
each step: it replies to a request with its response or with the `httpx.RequestError` that came instead, which is thrown
into the operation, and to any other step with None.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import httpx

T = TypeVar("T")


@dataclass(frozen=True)
class Sleep:
    """Let this many seconds pass."""

    seconds: float


@dataclass(frozen=True)
class Report:
    """Tell a listener of a job's progress."""

    listener: Callable[[dict[str, Any]], object]
    progress: dict[str, Any]


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """The operation has ended with this."""

    value: T


Step: TypeAlias = httpx.Request | Sleep | Report
Reply: TypeAlias = httpx.Response | httpx.RequestError | None
Operation: TypeAlias = Generator[Step, Any, T]


def advance(operation: Operation[T], reply: Reply) -> Step | Outcome[T]:
    """Give the operation the reply to its last step, None at first; return its next step, or its outcome."""
    try:
        if isinstance(reply, httpx.RequestError):
            return operation.throw(reply)
        return operation.send(reply)
    except StopIteration as end:
        return Outcome(end.value)
