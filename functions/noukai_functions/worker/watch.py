"""The watch over an attempt, whose flow runs in a child process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.clock import Clock
from noukai_functions.jobs.estimate import Estimate, Run, refine
from noukai_functions.jobs.lifecycle import FIRST_PROGRESS_MS, Job, State, has_lost, progress_interval_ms
from noukai_functions.jobs.table import JobsTable, Refused
from noukai_functions.telemetry.logger import job_fields, logger
from noukai_functions.worker.exchange import Call, Outcome
from noukai_functions.worker.process.process import FlowProcess
from noukai_functions.worker.time_limits import TimeLimits

if TYPE_CHECKING:
    from noukai_functions.logs.attempt_log import AttemptLog
    from noukai_functions.secrets.worker_secrets import WorkerSecrets
    from noukai_functions.worker.batch import Batch

BEAT_SECONDS = 0.25
EXTENSIONS = 3
"""How many times a lease is extended within its length.

When a flow ends, at least two thirds of the lease are left: 40 s of 60 s by default. In this time there is no
heartbeat, while exit handlers run, leftover processes end, the last output is read and the job is settled."""
CHECK_MS = 2000
"""The interval between reads of the row; a cancellation reaches the flow within it."""


class Stop(Enum):
    """The reason why a flow is stopped early."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed out"
    TAKEN_OVER = "taken over"


@dataclass(slots=True)
class Watch:
    """The watch over a running flow: heartbeats, progress, cancellation and timeout."""

    job: Job
    run: Run
    process: FlowProcess
    call: Call
    batch: "Batch"
    table: JobsTable
    clock: Clock
    times: TimeLimits
    timeout_ms: int
    """Measured from the flow's begin, which may be after the import."""
    until: int
    """The end of the attempt, however late its flow begins."""
    log: "AttemptLog"
    secrets: "WorkerSecrets | None" = None
    stop: Stop | None = None
    _shown: Mapping[str, Any] | None = None
    _check_at: int = field(init=False)
    _extend_at: int = field(init=False)
    _progress_at: int = field(init=False)
    _kill_at: int | None = None
    _timeout_at: int = field(init=False)
    _is_importing: bool = field(init=False)

    def _start(self) -> None:
        now = self.clock.now()
        self._check_at = now + CHECK_MS
        self._extend_at = now + self.times.lease_ms // EXTENSIONS
        self._is_importing = not self.process.has_imported
        self._begin(now, self.times.import_ms if self._is_importing else self.timeout_ms)

    def _begin(self, now: int, most_ms: int) -> None:
        self.run.begun_at = now
        self._progress_at = now + FIRST_PROGRESS_MS
        self._timeout_at = min(now + most_ms, self.until)

    @property
    def timeout_error(self) -> str:
        """Return the error message for a flow that has timed out."""
        if self._is_importing:
            seconds = self.times.import_ms / 1000
            return f"TimeoutError: the flow's module was still being imported after {seconds:g} seconds"
        return f"TimeoutError: the flow was stopped after {self.timeout_ms / 1000:g} seconds"

    def follow(self) -> Outcome:
        """Return the outcome of the flow; `stop` has the reason if it was stopped.

        Raises:
            NotEndedError: a killed process is still running.
        """
        running = self.process.run(self.call, self.log, BEAT_SECONDS)
        next(running)
        self._start()
        # The first heartbeat shortens the batch's visibility timeout to a lease while the flow is already
        # running.
        self._beat(self.clock.now())
        while (outcome := next(running)) is None:
            now = self.clock.now()
            if self._is_importing and self.process.has_imported and self.stop is None:
                self._is_importing = False
                self._begin(now, self.timeout_ms)
            self._beat(now)
        return outcome

    def _beat(self, now: int) -> None:
        try:
            self.batch.beat(now)
            if self.stop in (None, Stop.TIMED_OUT):
                self._touch(now)
            if self.secrets is not None:
                self.secrets.answer()
        except AwsError:
            # The lease outlives a few failed heartbeats; the next one tries again.
            logger().warning("a heartbeat failed", extra=job_fields(self.job), exc_info=True)
            self._check_at = self._extend_at = self._progress_at = now + CHECK_MS
        if self.stop is None and now >= self._timeout_at:
            self._make_stop(Stop.TIMED_OUT, now)
        if self._kill_at is not None and now >= self._kill_at:
            self.process.kill()

    def _touch(self, now: int) -> None:
        """Write to the row if an update is due; read it if the last read is old."""
        progress = self._progress(now)
        if now >= self._extend_at or progress != self._shown:
            self._extend(now, progress)
        elif now >= self._check_at:
            self._check_at = now + CHECK_MS
            seen = self.table.read(self.job.id, consistent=False)
            if seen is not None and has_lost(self.job, seen):
                self._lose(seen, now)
            elif seen is not None:
                self.log.follow(seen.followed_until)
        if self.log.has_news and self.log.is_due(now):
            self.log.flush(now)

    def _progress(self, now: int) -> Mapping[str, Any] | None:
        """Return the flow's progress if it may be written now, or else what was written last."""
        if now < min(self._extend_at, self._progress_at):
            return self._shown
        progress = self.process.board.read()
        return progress and self.log.masked(progress)

    def _extend(self, now: int, progress: Mapping[str, Any] | None) -> None:
        try:
            seen = self.table.extend(
                self.job,
                lease_until=now + self.times.lease_ms,
                progress=progress,
                now=now,
                estimate=self._estimate(now, progress),
            )
        except Refused as refused:
            self._lose(refused.seen, now)
            return
        self.log.follow(seen.followed_until)
        self._shown = progress
        self._check_at = now + CHECK_MS
        self._extend_at = now + self.times.lease_ms // EXTENSIONS
        self._progress_at = now + progress_interval_ms(now - self.run.begun_at)

    def _estimate(self, now: int, progress: Mapping[str, Any] | None) -> Estimate | None:
        if progress == self._shown:
            return None
        return refine(self.run.estimate, self.run.begun_at, now, progress)

    def _lose(self, seen: Job | None, now: int) -> None:
        cancelled = (
            seen is not None and seen.state is State.CANCELLED and seen.created_at == self.job.created_at
        )
        self._make_stop(Stop.CANCELLED if cancelled else Stop.TAKEN_OVER, now)

    def _make_stop(self, why: Stop, now: int) -> None:
        if self._kill_at is None:
            self.process.interrupt()
            self._kill_at = now + self.times.grace_ms
        self.stop = why
