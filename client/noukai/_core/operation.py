"""Operations, with their deadline: the protocol between the core and its drivers.

An operation is a generator that performs no input or output: it yields steps and returns its outcome. A
driver performs each step. It replies to a request with the response, or throws the `httpx.RequestError` into
the operation; to concurrent requests with a list of both; and to any other step with None.
"""

import math
from asyncio import CancelledError
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import httpx

from noukai._errors import NoukaiError

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

Clock = Callable[[], float]

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


class Pages(Protocol[T]):
    """The interface of paged results. A page may be empty; `has_more` says whether to go on."""

    @property
    def has_more(self) -> bool:
        """Return whether there may be another page."""
        ...

    def page(self) -> Operation[list[T]]:
        """Fetch the next page."""
        ...


def advance(operation: Operation[T], reply: Reply) -> Step | Outcome[T]:
    """Send the operation the reply to its last step, at first None; return its next step or its outcome."""
    try:
        if isinstance(reply, httpx.RequestError):
            return operation.throw(reply)
        return operation.send(reply)
    except StopIteration as end:
        return Outcome(end.value)


class DeadlinePassedError(Exception):
    """An error for a passed deadline; its cause is the last failure, if any."""


class Deadline:
    """A time of a monotonic clock, or never."""

    def __init__(self, clock: Clock, seconds: float | None = None) -> None:
        self._clock = clock
        self._at = math.inf if seconds is None else clock() + seconds

    @property
    def left(self) -> float:
        """Return the seconds left: 0 once it has passed, infinite without a deadline."""
        return max(0.0, self._at - self._clock())

    def pause(self, seconds: float, because: NoukaiError | None = None) -> Operation[None]:
        """Sleep for these seconds, or until the deadline; in that case raise `DeadlinePassedError`."""
        left = self.left
        if min(seconds, left):
            yield Sleep(min(seconds, left))
        if seconds >= left:
            raise DeadlinePassedError from because


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
