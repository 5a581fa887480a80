"""The deliveries of an invocation: hidden while in progress, returned if they cannot start soon."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from noukai_functions.jobs.queue import Delivery, JobQueue

_GIVE_BACK_AFTER_MS = 1000


@dataclass(slots=True)
class Batch:
    """Deliveries that run in turn; the answer names those deferred or returned."""

    queue: Callable[[], JobQueue]
    """Called only when a delivery must be hidden: few are, and making a client of SQS is a tenth of a cold
    start."""
    lease_ms: int
    waiting: list[Delivery]
    current: Delivery | None = None
    failures: list[str] = field(default_factory=list)
    has_run: bool = False
    """Whether a job has run in this invocation. If so, jobs too long for its remaining time wait for another.
    """
    _hide_again_at: int = 0
    _begun_at: int = 0

    def hide(self, now: int) -> None:
        """Hide the deliveries for one lease, so that they return soon if this worker dies."""
        self.queue().hide([*filter(None, [self.current]), *self.waiting], self.lease_ms // 1000)
        self.note_hidden(now)

    def note_hidden(self, now: int) -> None:
        """Record that the deliveries are hidden for about a lease; skip the request for a third of it."""
        self._hide_again_at = now + self.lease_ms // 3

    def next(self, now: int) -> Delivery | None:
        """Return the next delivery, or None."""
        self._begun_at = now
        self.current = self.waiting.pop(0) if self.waiting else None
        return self.current

    def defer(self, delivery: Delivery, seconds: int) -> None:
        """Hide a delivery for a number of seconds; it is not deleted."""
        self.failures.append(delivery.id)
        self.queue().hide([delivery], seconds)

    def give_back(self) -> None:
        """Return all deliveries to the queue, because this worker cannot run them."""
        left = [*filter(None, [self.current]), *self.waiting]
        self.failures.extend(delivery.id for delivery in left)
        self.waiting = []
        self.queue().hide(left, 0)

    def beat(self, now: int) -> None:
        """Keep the deliveries hidden while the current one runs (heartbeat).

        Deliveries that it keeps from starting are returned to the queue.
        """
        if self.waiting and now - self._begun_at >= _GIVE_BACK_AFTER_MS:
            self.failures.extend(delivery.id for delivery in self.waiting)
            given_back, self.waiting = self.waiting, []
            self.queue().hide(given_back, 0)
        if now >= self._hide_again_at:
            self.hide(now)

    @property
    def answer(self) -> dict[str, Any]:
        """Return the partial batch response; SQS deletes the deliveries that it does not name."""
        return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in dict.fromkeys(self.failures)]}
