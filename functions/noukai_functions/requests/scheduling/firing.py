"""The submission of jobs at the instants of schedules."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from noukai_functions.access.api_keys import ApiKeys
from noukai_functions.catalog.entries import Catalog
from noukai_functions.clock import Clock
from noukai_functions.jobs.table import JobsTable
from noukai_functions.refusals import (
    IdempotencyConflictError,
    JobNotFoundError,
    OrgRevokedError,
    Refusal,
)
from noukai_functions.requests.admission import Admission
from noukai_functions.requests.cancellation import Cancellation
from noukai_functions.requests.scheduling.definition import by_schedule, submission_at
from noukai_functions.schedules.cron_fields import InvalidCron
from noukai_functions.schedules.plan import AHEAD_MS, plan_of
from noukai_functions.schedules.schedule import (
    ALLOW,
    LOOK_AGAIN_MS,
    SKIP,
    SKIPPED,
    Note,
    Schedule,
)
from noukai_functions.schedules.table import ConflictError, SchedulesTable
from noukai_functions.schedules.timetable import Timetable
from noukai_functions.schedules.zones import InvalidZone
from noukai_functions.telemetry.logger import logger


@dataclass(slots=True)
class Firing:
    """The schedules whose instants are due.

    A job's id derives from its schedule and instant, and the row is written last: after a crash, or beside
    another tick, the same submissions make the same jobs.
    """

    schedules: SchedulesTable
    catalog: Catalog
    admission: Admission
    cancellation: Cancellation
    table: JobsTable
    api_keys: ApiKeys
    clock: Clock
    failures: int = 0
    """How many instants failed, and schedules that could not be looked at."""

    def run_due(self, has_time: Callable[[], bool]) -> None:
        """Submit the jobs of all instants that are due; a schedule that fails does not stop the others."""
        for org, name in self.schedules.due(self.clock.now() + AHEAD_MS):
            if not has_time():
                return
            try:
                self.run(org, name)
            except Exception:  # noqa: BLE001 - the other schedules go on; the next tick tries it again
                logger().exception("a schedule could not be run", extra={"org": org, "schedule": name})
                self.failures += 1

    def run(self, org: str, name: str) -> None:
        """Submit what is due of a schedule, and write where it stands then."""
        seen = self.schedules.read(org, name)
        now = self.clock.now()
        if seen is None or seen.due_at is None or seen.look_at is None or seen.look_at > now + seen.ahead:
            return
        try:
            timetable = Timetable.of(seen.definition.cron, seen.definition.zone)
        except (InvalidCron, InvalidZone) as error:
            failed = self._failed(seen, seen.due_at, str(error), type(error).__name__)
            self._write(seen, replace(failed, look_again_at=now + LOOK_AGAIN_MS))
            return
        missed = seen.definition.missed
        plan = plan_of(timetable, seen.due_at, now, missed=missed, ahead=seen.ahead)
        moved = seen.with_missed(plan.missed)
        for instant in plan.run:
            moved = self._decide(moved, instant)
        self._write(seen, replace(moved, due_at=plan.next_at, look_again_at=None))

    def _decide(self, schedule: Schedule, instant: int) -> Schedule:
        """Return the schedule after an instant, which is run, skipped or failed."""
        if schedule.definition.overlap != ALLOW and (unended := self._unended(schedule)):
            if schedule.definition.overlap == SKIP:
                return schedule.with_note(Note(SKIPPED, instant))
            self._cancel(schedule, unended)
        flow, now = schedule.definition.flow, self.clock.now()
        try:
            self._check_org(schedule)
            submission = submission_at(schedule, self.catalog, instant, now)
            key, by = schedule.key_of(instant), by_schedule(schedule)
            job = self.admission.submit(flow, key, submission, schedule.org, by)
        except IdempotencyConflictError:
            # The job was taken back, or made with what the schedule stated before.
            return schedule
        except Refusal as refusal:
            if now < instant <= self.clock.now():
                # It came in the meantime: a start that was ahead is refused as past. Now it is no more ahead.
                return self._decide(schedule, instant)
            return self._failed(schedule, instant, refusal.message, type(refusal).__name__)
        return schedule.with_job(job.id, instant)

    def _failed(self, schedule: Schedule, instant: int, reason: str, kind: str) -> Schedule:
        # The history has the reason itself, which may quote an input.
        extra = {"org": schedule.org, "schedule": schedule.name, "reason": kind}
        logger().warning("an instant of a schedule failed", extra=extra)
        self.failures += 1
        return schedule.with_failure(instant, reason)

    def _unended(self, schedule: Schedule) -> list[str]:
        """Return the jobs that have not ended: of the latest instant, and of the triggers since then."""
        ids: list[str] = []
        for each in reversed(schedule.jobs):
            ids.append(each.id)
            if each.instant is not None:
                break
        found = [self.table.read(job_id, consistent=True) for job_id in ids]
        return [job.id for job in found if job is not None and not job.is_terminal]

    def _cancel(self, schedule: Schedule, ids: Iterable[str]) -> None:
        for job_id in ids:
            with suppress(JobNotFoundError):
                self.cancellation.cancel(job_id, None, schedule.org, by_schedule(schedule))

    def _check_org(self, schedule: Schedule) -> None:
        """Refuse the jobs of an org without a valid key. Those in code are the operator's."""
        if not schedule.in_code and not self.api_keys.has_valid(schedule.org, schedule.put_by):
            raise OrgRevokedError(schedule.org)

    def _write(self, seen: Schedule, moved: Schedule) -> None:
        try:
            self.schedules.replace(seen, moved)
        except ConflictError:
            # Another tick was faster, or a change, which has taken back the jobs of later instants.
            return
