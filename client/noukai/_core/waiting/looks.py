"""The status checks shared by a client's waits: one request checks many jobs."""

import asyncio
import math
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from threading import RLock
from typing import NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from noukai._core.deadline import Clock, Deadline, DeadlinePassedError
from noukai._core.operation import Attend, Operation, together
from noukai._core.patience import is_transient
from noukai._errors import ApiError, NoukaiError
from noukai._io.forks import leave_behind_at_fork
from noukai_wire.limits import MAX_BATCH_SIZE
from noukai_wire.models import JobStatus

_AT_ONCE = 4
"""The most requests in flight."""

_ALONE = 10
"""With more waits than this, checks are shared, since each held request occupies a function."""

_ROUND = 1.0
"""Jobs due within this many seconds are checked together, in full requests."""

_DEFAULT_INTERVAL = 1.0
"""The poll interval in seconds if the API gives none."""

_LEAST_INTERVAL = 0.2


class Look(NamedTuple):
    """The status of one of many jobs, and its poll interval in milliseconds, if given."""

    job_id: str
    seen: JobStatus | ApiError | None
    poll_interval_ms: int | None

    @property
    def poll_interval(self) -> float:
        """Return the poll interval in seconds."""
        return max(
            _LEAST_INTERVAL,
            _DEFAULT_INTERVAL if self.poll_interval_ms is None else self.poll_interval_ms / 1000,
        )


Seen: TypeAlias = Look | NoukaiError | DeadlinePassedError
Statuses: TypeAlias = Callable[[Sequence[str], Deadline], Operation[list[Look]]]


class _Place(NamedTuple):
    """An entry in the queue of jobs to check.

    If it settles with None instead of a status, its owner must send the next request.
    """

    job_id: str
    deadline: Deadline
    seen: "Future[Seen | None]"


class Looks:
    """Status checks shared by many operations, in any threads.

    There is no extra thread: one of the waiting operations sends the request for all queued entries, and
    settles those of the others.
    """

    def __init__(self, statuses: Statuses, clock: Clock) -> None:
        self._statuses = statuses
        self._clock = clock
        self._begun_at = clock()
        self.leave_behind()
        leave_behind_at_fork(self)

    def leave_behind(self) -> None:
        """Discard all waits, which a forked process does not have."""
        self._lock = RLock()  # reentrant: garbage collection may end an operation in the middle of another
        self._line: deque[_Place] = deque()
        self._asking = 0
        self._waits = 0

    @contextmanager
    def joined(self) -> Generator[None]:
        """Register a wait while the context lasts."""
        with self._lock:
            self._waits += 1
        try:
            yield
        finally:
            with self._lock:
                self._waits = max(0, self._waits - 1)

    @property
    def are_shared(self) -> bool:
        """Return whether there are enough waits to share their requests."""
        return self._waits > _ALONE

    def pause_of(self, interval: float = 0.0) -> float:
        """Return the seconds until the current round of checks ends."""
        passed = self._clock() - self._begun_at
        return math.ceil((passed + interval) / _ROUND) * _ROUND - passed

    def of(self, ids: Sequence[str], deadline: Deadline) -> Operation[dict[str, Seen]]:
        """Check jobs; return each one's status or error."""
        found: dict[str, Seen] = {}
        places: list[_Place] = []
        try:
            while left := [job_id for job_id in ids if job_id not in found]:
                places = [_Place(job_id, deadline, Future()) for job_id in left]
                with self._lock:
                    self._line += places
                for place in places:
                    if (seen := (yield from self._await(place))) is not None:
                        found[place.job_id] = seen
        finally:
            for place in places:
                place.seen.cancel()
            self._call()
        return found

    def _await(self, place: _Place) -> Operation[Seen | None]:
        while not place.seen.done():
            if batches := self._taken():
                yield from together([self._ask(batch, place.deadline) for batch in batches])
            elif left := place.deadline.left:
                yield Attend(place.seen, left)
            else:
                return DeadlinePassedError()
        return place.seen.result()

    def _taken(self) -> list[list[_Place]]:
        """Take queued entries: all if no request is in flight, otherwise only full requests."""
        batches: list[list[_Place]] = []
        with self._lock:
            least = MAX_BATCH_SIZE if self._asking else 1
            while self._asking < _AT_ONCE and len(self._line) >= least:
                taken = [self._line.popleft() for _ in range(min(MAX_BATCH_SIZE, len(self._line)))]
                if batch := [place for place in taken if place.seen.set_running_or_notify_cancel()]:
                    self._asking += 1
                    batches.append(batch)
        return batches

    def _ask(self, batch: list[_Place], deadline: Deadline) -> Operation[None]:
        looks: dict[str, Look] | None = None
        failure: NoukaiError | DeadlinePassedError | None = None
        try:
            ids = list(dict.fromkeys(place.job_id for place in batch))
            looks = {look.job_id: look for look in (yield from self._statuses(ids, deadline))}
        except (NoukaiError, DeadlinePassedError) as error:
            failure = error
        finally:
            with self._lock:
                self._asking = max(0, self._asking - 1)
            for place in batch:
                if looks is not None:
                    place.seen.set_result(looks.get(place.job_id, Look(place.job_id, None, None)))
                else:
                    place.seen.set_result(
                        failure if failure and _concerns(failure, place, deadline) else None
                    )

    def _call(self) -> None:
        """Wake the first queued entry to send the request, unless another one does."""
        with self._lock:
            while not self._asking and self._line:
                place = self._line.popleft()
                if place.seen.set_running_or_notify_cancel():
                    place.seen.set_result(None)
                    break


class LooksByLoop:
    """Status checks shared per event loop, and once for all threads without a loop."""

    def __init__(self, statuses: Statuses, clock: Clock) -> None:
        self._statuses = statuses
        self._clock = clock
        self._of_threads = Looks(statuses, clock)
        self._of_loops: WeakKeyDictionary[AbstractEventLoop, Looks] = WeakKeyDictionary()

    def here(self) -> Looks:
        """Return the shared checks of the current event loop or thread."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._of_threads
        if loop not in self._of_loops:
            self._of_loops[loop] = Looks(self._statuses, self._clock)
        return self._of_loops[loop]


def _concerns(failure: NoukaiError | DeadlinePassedError, place: _Place, deadline: Deadline) -> bool:
    """Return whether an error applies to this entry too; an entry with more time left goes on."""
    if place.deadline is deadline:
        return True
    if isinstance(failure, DeadlinePassedError):
        return not place.deadline.left
    return not is_transient(failure) or math.isinf(place.deadline.left)
