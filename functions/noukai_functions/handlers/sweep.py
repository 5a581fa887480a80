"""The handler that settles overdue jobs, so that none waits for ever.

A full scan of a large table takes longer than a function may run. So each run continues where the last one
stopped, and stops before its timeout.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.overdue import fail_unrun
from noukai_functions.jobs.sweep_rounds import Round, Rounds
from noukai_functions.names import CHECK_QUEUES, SWEEP_ROUNDS, SWEEP_SEGMENT, UNSETTLED_WORK
from noukai_functions.refusals import UnreadableRowError
from noukai_functions.telemetry.logger import job_fields, logger, logs_failures

if TYPE_CHECKING:
    from noukai_functions.api.endpoint import Event

_MARGIN_MS = 30_000
"""The time reserved for the last page, the last job and recording the position."""

_HOUR_MS = 60 * 60 * 1000


def run(deployment: Deployment, has_time: Callable[[], bool], segment: int = 0) -> None:
    """Continue the current round of a segment of the table, or begin the next one if it is due.

    `has_time` returns whether to go on.
    """
    now = deployment.clock.now()
    rounds = deployment.rounds.of(segment)
    if segment >= rounds.segments:
        return  # during an update that lowers their number
    latest = rounds.read()
    if latest is None or latest.is_over(now):
        latest = Round(now)
    if latest.ended_at is not None:
        return
    part = Sweep(deployment, has_time, latest.place, rounds=rounds)
    try:
        is_whole = part.go_on()
    finally:
        latest = replace(latest, place=part.place, settled=latest.settled + part.settled)
        rounds.write(latest)
    if is_whole:
        latest = replace(latest, ended_at=deployment.clock.now())
        rounds.write(latest)
        _report(latest)
        deployment.metrics.write({SWEEP_ROUNDS: 1}, deployment.clock.now())


@dataclass
class Sweep:
    """One run over the jobs table, from after the key `place` or from the start."""

    deployment: Deployment
    has_time: Callable[[], bool] = lambda: True
    place: str | None = None
    settled: int = 0
    rounds: Rounds | None = None
    """The segment to sweep; None is the first."""

    def go_on(self) -> bool:
        """Settle overdue jobs page by page; return whether the end of the table was reached.

        An unfinished page is read again in the next run, which no longer finds the jobs already settled.
        """
        rounds = self.rounds or self.deployment.rounds
        while self.has_time():
            now = self.deployment.clock.now()
            overdue, last = rounds.overdue_page(now, self.place)
            for job in overdue:
                if not self.has_time():
                    return False
                self.settled += _settle(job, self.deployment, now)
            self.place = last
            if last is None:
                return True
        return False


def _settle(job: Job, deployment: Deployment, now: int) -> bool:
    """Settle an overdue job; log an error, so that it does not block the others."""
    if not job.is_overdue(now):
        return False
    try:
        standing = fail_unrun(job, deployment.table, now)
    except (AwsError, UnreadableRowError):
        logger().exception("an overdue job could not be settled", extra=job_fields(job))
        return False
    if standing is None or not standing.is_terminal:
        return False
    logger().warning("an overdue job was settled as failed", extra=job_fields(job))
    return True


def _report(latest: Round) -> None:
    took = ((latest.ended_at or latest.started_at) - latest.started_at) / _HOUR_MS
    logger().info(
        "the sweep has checked every job", extra={"settled": latest.settled, "hours": round(took, 2)}
    )


def note_uncounted(deployment: Deployment) -> None:
    """Write how many batches of usage wait for the operator to count them, if that is watched."""
    if "UNCOUNTED_BUCKET" in deployment.environment and (left := deployment.uncounted.count()):
        deployment.metrics.write({UNSETTLED_WORK: left}, deployment.clock.now())


@logs_failures
def handler(event: "Event", context: Any) -> None:
    """Handle an event of one of the schedules: a check of the queues, or else a part of the sweep.

    The bucket of uncounted usage is checked with each part of the sweep, since a list of objects each minute
    would cost a fifth of a dollar a month.
    """
    if CHECK_QUEUES in event:
        deployed().queue_check.take(deployed().clock.now())
        return
    segment = event.get(SWEEP_SEGMENT, 0)
    run(deployed(), lambda: context.get_remaining_time_in_millis() > _MARGIN_MS, segment)
    if not segment:
        note_uncounted(deployed())


get_ready(lambda made: (made.rounds, made.table, logger()))
