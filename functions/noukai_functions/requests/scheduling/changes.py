"""The changes of schedules: put, delete, pause, resume, and a trigger."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import NoReturn

from noukai_functions.catalog.entries import Catalog
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Job, State, job_id
from noukai_functions.jobs.table import JobsTable, Refused
from noukai_functions.refusals import InvalidInputError, ScheduleNotFoundError, UnavailableError
from noukai_functions.requests.admission import Admission
from noukai_functions.requests.scheduling.definition import Defined, by_schedule, entries_of, submission_at
from noukai_functions.schedules.cron_fields import InvalidCron
from noukai_functions.schedules.plan import AHEAD_MS, LATEST, missed_between
from noukai_functions.schedules.schedule import Schedule
from noukai_functions.schedules.table import ConflictError, SchedulesTable
from noukai_functions.schedules.timetable import Timetable
from noukai_functions.schedules.zones import InvalidZone
from noukai_wire import limits

_TRIES = 5
_AHEAD_MS = AHEAD_MS + 30_000
"""How far ahead a tick may submit jobs, with a margin for the clocks of two functions."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The changes of schedules, each one write on the row as it was read.

    A change first takes back the jobs that were submitted ahead. A tick that has read the row before finds
    these jobs cancelled, and submits none for an instant that the change moves.
    """

    schedules: SchedulesTable
    catalog: Catalog
    admission: Admission
    table: JobsTable
    clock: Clock

    def put(self, org: str, name: str, defined: Defined, put_by: str) -> tuple[Schedule, bool]:
        """Return the schedule as defined, and whether it is new; the same definition changes nothing."""
        for _ in range(_TRIES):
            seen = self.schedules.read(org, name)
            try:
                if seen is None:
                    return self._create(org, name, defined, put_by), True
                return self._define(seen, defined, put_by), False
            except ConflictError:
                continue
        raise UnavailableError

    def delete(self, org: str, name: str) -> None:
        """Delete a schedule."""

        def deleted(seen: Schedule) -> Schedule:
            self._take_back(seen)
            self.schedules.delete(seen)
            return seen

        self._change(org, name, deleted)

    def pause(self, org: str, name: str) -> Schedule:
        """Stop running the instants of a schedule until it is resumed."""

        def paused(seen: Schedule) -> Schedule:
            if seen.is_paused:
                return seen
            return self.schedules.replace(seen, replace(self._restarted(seen), is_paused=True))

        return self._change(org, name, paused)

    def resume(self, org: str, name: str) -> Schedule:
        """Resume a paused schedule; of the instants that it missed, the latest is run, or none."""

        def resumed(seen: Schedule) -> Schedule:
            if not seen.is_paused:
                return seen
            return self.schedules.replace(seen, replace(self._caught_up(seen), is_paused=False))

        return self._change(org, name, resumed)

    def follow_rules(self, org: str, name: str) -> None:
        """Set the next instant of a schedule by the zones' rules of today."""

        def followed(seen: Schedule) -> Schedule:
            timetable, now = _timetable(seen), self.clock.now()
            if timetable is None or seen.due_at is None or seen.due_at <= now:
                return seen
            # Its jobs of the next minutes may be there already: they have the same ids.
            new = replace(seen, due_at=timetable.next_after(now))
            return seen if new == seen else self.schedules.replace(seen, new)

        with suppress(ScheduleNotFoundError):
            self._change(org, name, followed)

    def trigger(self, org: str, name: str, key: str | None, by: str) -> Job:
        """Submit the job of a schedule now, for the API key with the name `by`."""
        schedule = self.schedules.read(org, name) or _not_found(name)
        submission = submission_at(schedule, self.catalog, None, self.clock.now())
        own = None if key is None else f"\ntrigger\n{name}\n{key}"
        job = self.admission.submit(schedule.definition.flow, own, submission, org, by)

        def noted(seen: Schedule) -> Schedule:
            new = seen.with_job(job.id, None)
            return seen if new == seen else self.schedules.replace(seen, new)

        with suppress(ScheduleNotFoundError):  # deleted in the meantime: the job is there all the same
            self._change(org, name, noted)
        return job

    def _change(self, org: str, name: str, change: Callable[[Schedule], Schedule]) -> Schedule:
        for _ in range(_TRIES):
            try:
                return change(self.schedules.read(org, name) or _not_found(name))
            except ConflictError:
                continue
        raise UnavailableError

    def _create(self, org: str, name: str, defined: Defined, put_by: str) -> Schedule:
        in_code = not put_by
        if not in_code:
            self._check_room(org)
        now = self.clock.now()
        due_at = defined.timetable.next_after(now)
        # A tick that has read a deleted schedule of this name must not take this one for it.
        new = Schedule(org, name, defined.definition, now, now, (now,), due_at, put_by, revision=now)
        return self.schedules.create(replace(new, in_code=in_code))

    def _check_room(self, org: str) -> None:
        own = sum(1 for each in self.schedules.of_org(org) if not each.in_code)
        if own >= limits.MAX_SCHEDULES:
            reason = f"would be one too many: the org has {own} schedules, the most; delete one"
            raise InvalidInputError([("name", reason)])

    def _define(self, seen: Schedule, defined: Defined, put_by: str) -> Schedule:
        if seen.definition == defined.definition:
            same = replace(seen, put_by=put_by, problem=None)
            return seen if same == seen else self.schedules.replace(seen, same)
        now = self.clock.now()
        new = replace(
            self._restarted(seen), definition=defined.definition, put_by=put_by, problem=None, changed_at=now
        )
        if _times(seen) != _times(new):
            # What has passed by the former times is no instant that was missed.
            new = replace(new, series=(now,), due_at=defined.timetable.next_after(now), look_again_at=None)
        return self.schedules.replace(seen, new)

    def _restarted(self, seen: Schedule) -> Schedule:
        """Return the schedule with a new series, from the first instant that is not in the past or done."""
        self._take_back(seen)
        now = self.clock.now()
        timetable = _timetable(seen)
        following = None if timetable is None else timetable.next_after(now)
        known = [each for each in (seen.due_at, following) if each is not None]
        return replace(seen.with_series(now), due_at=min(known, default=None))

    def _caught_up(self, seen: Schedule) -> Schedule:
        """Return the schedule with the instants of its pause decided on."""
        timetable = _timetable(seen)
        if timetable is None or seen.due_at is None:
            return seen
        now = self.clock.now()
        if seen.definition.missed == LATEST:
            latest = timetable.latest(seen.due_at - 1, now)
            left_out = missed_between(timetable, seen.due_at - 1, latest - 1) if latest else None
            return replace(seen.with_missed(left_out), due_at=latest or timetable.next_after(now))
        left_out = missed_between(timetable, seen.due_at - 1, now)
        return replace(seen.with_missed(left_out), due_at=timetable.next_after(now))

    def _take_back(self, schedule: Schedule) -> None:
        """Cancel the jobs of the instants ahead; those not yet submitted are made first.

        So a tick that is about to submit one finds its id taken, even if it crashes right after that.
        """
        timetable = _timetable(schedule)
        if timetable is None or schedule.look_at is None or not schedule.ahead:
            return
        now = self.clock.now()
        for instant in timetable.between(now, now + _AHEAD_MS):
            job = _placeholder(schedule, instant, now)
            try:
                self.table.create(job, now)
            except Refused as refused:
                if refused.seen is None:
                    raise
            by = by_schedule(schedule)
            try:
                self.table.cancel(job.id, org=job.org, flow=job.flow, now=now, by=by, seen=State.PENDING)
            except Refused:
                continue  # it is cancelled already, or has started


def _placeholder(schedule: Schedule, instant: int, now: int) -> Job:
    flow = schedule.definition.flow
    return Job(
        id=job_id(schedule.org, flow, schedule.key_of(instant)),
        org=schedule.org,
        flow=flow,
        state=State.PENDING,
        created_at=now,
        attempt=0,
        max_attempts=1,
        digest=bytes(16),
        keep_seconds=limits.MIN_KEEP_SECONDS,
        start_by=instant + START_WITHIN_MS,
        not_before=instant,
        metadata=entries_of(schedule, instant),
        submitted_by=by_schedule(schedule),
    )


def _timetable(schedule: Schedule) -> Timetable | None:
    """Return the timetable of a schedule; None if its zone is gone."""
    try:
        return Timetable.of(schedule.definition.cron, schedule.definition.zone)
    except (InvalidCron, InvalidZone):
        return None


def _times(schedule: Schedule) -> tuple[str, str]:
    return schedule.definition.cron, schedule.definition.zone


def _not_found(name: str) -> NoReturn:
    raise ScheduleNotFoundError(name)
