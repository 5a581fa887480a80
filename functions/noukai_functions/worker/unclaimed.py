"""The handling of deliveries that start no attempt, for the worker and the dead-letter reader."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import Job, State, Verdict, judge, seconds_until_claimable
from noukai_functions.jobs.overdue import fail_unrun
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.table import JobsTable
from noukai_functions.telemetry.logger import logger

if TYPE_CHECKING:
    from collections.abc import Callable

    from noukai_functions.jobs.saved_inputs import SavedInputs
    from noukai_functions.worker.batch import Batch, Delivery


@dataclass(frozen=True, slots=True)
class Unclaimed:
    """The handling of deliveries whose jobs were not claimed."""

    table: JobsTable
    clock: Clock
    saved_inputs: "Callable[[], SavedInputs]"
    """Called only when an input must be stored: few deliveries need it."""

    def turn_away(
        self,
        delivery: "Delivery",
        message: Message,
        seen: Job | None,
        batch: "Batch",
        *,
        dead: bool = False,
    ) -> None:
        """Drop the delivery, defer it, or fail its job.

        `dead` is true for a dead-letter message, which no worker will receive again.
        """
        now = self.clock.now()
        verdict = judge(seen, message.created_at, now)
        if seen is None or verdict is Verdict.DROP:
            if seen is None or seen.created_at != message.created_at:
                reason = "it belongs to no job" if seen is None else "its job's id was reused"
                extra = {"message_id": delivery.id, "job_id": message.id, "reason": reason}
                logger().warning("a message was dropped", extra=extra)
            elif seen.state is State.CANCELLED:
                self.saved_inputs().keep(message, seen, now)
            return
        if verdict is Verdict.DEFER or (verdict is Verdict.CLAIMABLE and not dead):
            batch.defer(delivery, seconds_until_claimable(seen, now))
            return
        self.saved_inputs().keep(message, seen, now)
        standing = fail_unrun(seen, self.table, now)
        if standing is not None and not standing.is_terminal:
            # Another writer was faster; decide by the new row when the delivery returns.
            batch.defer(delivery, 1)
