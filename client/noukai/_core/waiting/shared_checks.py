"""The status checks shared by a client's waits: one request checks many jobs."""

import asyncio
import math
from asyncio import AbstractEventLoop
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import RLock
from typing import NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

from noukai._core.exchange import is_transient
from noukai._core.operation import Attend, Clock, Deadline, DeadlinePassedError, Operation, together
from noukai._errors import ApiError, NoukaiError
from noukai._io.forks import leave_behind_at_fork
from noukai_wire.limits import MAX_BATCH_SIZE
from noukai_wire.models import JobStatus

_AT_ONCE = 4
"""The most requests in flight."""

_ROUND = 1.0
"""Jobs due within this many seconds are checked together, in full requests."""

_DEFAULT_INTERVAL = 1.0
"""The poll interval in seconds if the API gives none."""

_LEAST_INTERVAL = 0.2


class CheckedStatus(NamedTuple):
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


Seen: TypeAlias = CheckedStatus | NoukaiError | DeadlinePassedError
Statuses: TypeAlias = Callable[[Sequence[str], Deadline], Operation[list[CheckedStatus]]]


class _Entry(NamedTuple):
    """An entry in the queue of jobs to check.

    If it settles with None instead of a status, its owner must send the next request.
    """

    job_id: str
    deadline: Deadline
    seen: "Future[Seen | None]"


class SharedChecks:
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
        self._queue: deque[_Entry] = deque()
        self._in_flight = 0

    def seconds_to_round(self, interval: float = 0.0) -> float:
        """Return the seconds until the round of checks begins in which a poll interval ends."""
        passed = self._clock() - self._begun_at
        return math.ceil((passed + interval) / _ROUND) * _ROUND - passed

    def check(self, ids: Sequence[str], deadline: Deadline) -> Operation[dict[str, Seen]]:
        """Check jobs; return each one's status or error."""
        found: dict[str, Seen] = {}
        entries: list[_Entry] = []
        try:
            while left := [job_id for job_id in ids if job_id not in found]:
                entries = [_Entry(job_id, deadline, Future()) for job_id in left]
                with self._lock:
                    self._queue += entries
                for entry in entries:
                    if (seen := (yield from self._await(entry))) is not None:
                        found[entry.job_id] = seen
        finally:
            for entry in entries:
                entry.seen.cancel()
            self._wake_next()
        return found

    def _await(self, entry: _Entry) -> Operation[Seen | None]:
        while not entry.seen.done():
            if batches := self._taken():
                yield from together([self._send(batch, entry.deadline) for batch in batches])
            elif left := entry.deadline.left:
                yield Attend(entry.seen, left)
            else:
                return DeadlinePassedError()
        return entry.seen.result()

    def _taken(self) -> list[list[_Entry]]:
        """Take queued entries: all if no request is in flight, otherwise only full requests."""
        batches: list[list[_Entry]] = []
        with self._lock:
            least = MAX_BATCH_SIZE if self._in_flight else 1
            while self._in_flight < _AT_ONCE and len(self._queue) >= least:
                taken = [self._queue.popleft() for _ in range(min(MAX_BATCH_SIZE, len(self._queue)))]
                if batch := [entry for entry in taken if entry.seen.set_running_or_notify_cancel()]:
                    self._in_flight += 1
                    batches.append(batch)
        return batches

    def _send(self, batch: list[_Entry], deadline: Deadline) -> Operation[None]:
        statuses: dict[str, CheckedStatus] | None = None
        failure: NoukaiError | DeadlinePassedError | None = None
        try:
            ids = list(dict.fromkeys(entry.job_id for entry in batch))
            statuses = {each.job_id: each for each in (yield from self._statuses(ids, deadline))}
        except (NoukaiError, DeadlinePassedError) as error:
            failure = error
        finally:
            with self._lock:
                self._in_flight = max(0, self._in_flight - 1)
            for entry in batch:
                if statuses is not None:
                    entry.seen.set_result(statuses.get(entry.job_id, CheckedStatus(entry.job_id, None, None)))
                elif failure is not None and _concerns(failure, entry, deadline):
                    entry.seen.set_result(failure)
                else:
                    entry.seen.set_result(None)

    def _wake_next(self) -> None:
        """Wake the first queued entry to send the request, unless another one does."""
        with self._lock:
            while not self._in_flight and self._queue:
                entry = self._queue.popleft()
                if entry.seen.set_running_or_notify_cancel():
                    entry.seen.set_result(None)
                    break


class SharedChecksByLoop:
    """Status checks shared per event loop, and once for all threads without a loop."""

    def __init__(self, statuses: Statuses, clock: Clock) -> None:
        self._statuses = statuses
        self._clock = clock
        self._of_threads = SharedChecks(statuses, clock)
        self._of_loops: WeakKeyDictionary[AbstractEventLoop, SharedChecks] = WeakKeyDictionary()

    def here(self) -> SharedChecks:
        """Return the shared checks of the current event loop or thread."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return self._of_threads
        if loop not in self._of_loops:
            self._of_loops[loop] = SharedChecks(self._statuses, self._clock)
        return self._of_loops[loop]


def _concerns(failure: NoukaiError | DeadlinePassedError, entry: _Entry, deadline: Deadline) -> bool:
    """Return whether an error applies to this entry too; an entry with more time left goes on."""
    if entry.deadline is deadline:
        return True
    if isinstance(failure, DeadlinePassedError):
        return not entry.deadline.left
    return not is_transient(failure) or math.isinf(entry.deadline.left)
