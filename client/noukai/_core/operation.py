"""The protocol between the core and its drivers.

An operation is a generator that performs no input or output: it yields steps and returns its outcome. A
driver performs each step. It replies to a request with the response, or throws the `httpx.RequestError` into
the operation; to concurrent requests with a list of both; and to any other step with None.
"""

from asyncio import CancelledError
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeAlias, TypeVar

import httpx

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

Listener = Callable[[dict[str, Any]], object]
"""A callback for a job's progress."""


class Sleep(NamedTuple):
    """A pause of this many seconds."""

    seconds: float


class Report(NamedTuple):
    """A progress report for a listener."""

    listener: Listener
    progress: dict[str, Any]


class Together(NamedTuple):
    """Concurrent requests; the reply is a list."""

    requests: list[httpx.Request]


class Attend(NamedTuple):
    """A pause until another operation settles this, or until the timeout."""

    settled: "Future[Any]"
    seconds: float


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """The outcome of an operation."""

    value: T


Step: TypeAlias = httpx.Request | Sleep | Report | Together | Attend
Answer: TypeAlias = httpx.Response | httpx.RequestError
Reply: TypeAlias = Answer | list[Answer] | None
Operation: TypeAlias = Generator[Step, Any, T]


def advance(operation: Operation[T], reply: Reply) -> Step | Outcome[T]:
    """Send the operation the reply to its last step, at first None; return its next step or its outcome."""
    try:
        if isinstance(reply, httpx.RequestError):
            return operation.throw(reply)
        return operation.send(reply)
    except StopIteration as end:
        return Outcome(end.value)


def together(operations: Iterable[Operation[T]]) -> Operation[list[T]]:
    """Perform operations concurrently, which may only request and sleep; return their outcomes in order.

    Their requests are sent together, and all of them sleep for the longest of their pauses.
    """
    running = list(operations)
    outcomes: dict[int, T] = {}
    replies: dict[int, Reply] = dict.fromkeys(range(len(running)))
    try:
        while replies:
            steps = {place: advance(running[place], reply) for place, reply in replies.items()}
            outcomes |= {place: step.value for place, step in steps.items() if isinstance(step, Outcome)}
            asked = {place: step for place, step in steps.items() if isinstance(step, httpx.Request)}
            sleeps = {place: step for place, step in steps.items() if isinstance(step, Sleep)}
            answers: list[Answer] = (yield Together(list(asked.values()))) if asked else []
            if sleeps:
                yield Sleep(max(sleep.seconds for sleep in sleeps.values()))
            replies = dict(zip(asked, answers, strict=True)) | dict.fromkeys(sleeps)
    finally:
        for operation in running:
            operation.close()
    return [outcomes[place] for place in range(len(running))]


@contextmanager
def interruptible(how_to_go_on: str) -> Generator[None]:
    """Add a note to an interruption: it ends the wait, not the job."""
    try:
        yield
    except (KeyboardInterrupt, CancelledError) as interruption:
        interruption.add_note(how_to_go_on)
        raise
