"""The execution of a delivery: claim its job, run its flow, write its outcome."""

import math
import os
import random
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from noukai.flow.runtime import DEFAULT_BACKOFF, DEFAULT_BACKOFF_CAP, Raised, Returned
from noukai_functions.aws import AwsError
from noukai_functions.catalog.entries import FlowEntry
from noukai_functions.jobs.estimate import Run
from noukai_functions.jobs.lifecycle import COLD, Job, Payload, State, longest_backoff_seconds
from noukai_functions.jobs.queues.queue import Message
from noukai_functions.jobs.table import Refused
from noukai_functions.telemetry.logger import add_fields, job_fields, logger
from noukai_functions.worker.exchange import Call, Outcome
from noukai_functions.worker.parts import WorkerParts
from noukai_functions.worker.process.pool import WorkerBrokenError
from noukai_functions.worker.process.process import FlowProcess
from noukai_functions.worker.process.reaper import NotEndedError
from noukai_functions.worker.watch import Stop, Watch
from noukai_wire.limits import MAX_BACKOFF_SECONDS
from noukai_wire.text import cut

if TYPE_CHECKING:
    from noukai_functions.logs.attempt_log import AttemptLog
    from noukai_functions.worker.batch import Batch, Delivery

BROKEN = (WorkerBrokenError, NotEndedError)
"""Errors of the worker itself: it returns its deliveries, and must end."""


@dataclass(slots=True)
class Execution:
    """The execution of a delivery.

    SQS deletes the message only after the outcome is written, because failed deliveries are named in the
    answer.
    """

    parts: WorkerParts
    batch: "Batch"
    delivery: "Delivery"
    message: Message

    def run(self, available_ms: int) -> None:
        """Claim the job and run its flow, within the function's remaining time.

        Raises:
            WorkerBrokenError: no flow process can be started, which spends no attempt, or its processes
        cannot be found.
            NotEndedError: a killed process is still running.
        """
        flow = self.parts.catalog.flows.get(self.message.flow)
        timeout_ms = (self.message.timeout_seconds or (flow.timeout_seconds if flow else 0)) * 1000
        if timeout_ms > available_ms and self.batch.has_run:
            self.batch.defer(self.delivery, 0)
        elif flow is None:
            self._fail_unknown()
        elif self.parts.secrets and (problem := self.parts.secrets.renew()):
            # It costs an attempt, so that the job's own error says why; a retry reads them again.
            self._fail_early(Raised(cut(f"SecretsError: {problem}")), flow)
        else:
            # Starting a process and claiming the job take part of the same time.
            until = self.parts.clock.now() + available_ms
            with self.parts.run_times.timed(self.message.flow) as run:
                self._run(flow, run, min(timeout_ms, available_ms), until)

    def _fail_unknown(self) -> None:
        gone = f"this deployment no longer has the flow {self.message.flow!r}"
        missing = self.parts.catalog.cannot_run(self.message.version, gone)
        logger().error(
            "a job's flow is not deployed",
            extra={"job_id": self.message.id, "flow": self.message.flow, "reason": cut(missing)},
        )
        self._fail_early(Raised(cut(f"FlowNotFound: {missing}"), permanent=True))

    def _fail_early(self, raised: Raised, flow: FlowEntry | None = None) -> None:
        """Fail an attempt whose flow cannot begin."""
        if job := self._claimed(Run()):
            with self._discarding(job):
                self._settle(job, raised, flow)

    def _run(self, flow: FlowEntry, run: Run, timeout_ms: int, until: int) -> None:
        """Take a process before claiming the job, so that without one no attempt is spent."""
        project = self.message.flow.partition("/")[0]
        watch, outcome = None, None
        try:
            with self.parts.processes.process_of(project, fresh=flow.fresh_process) as loan:
                if (job := self._claimed(run)) is None:
                    return
                if loan.has_died:  # during the claim
                    with self._unclaiming(job):
                        loan.replace()
                watch = self._watch(job, run, loan.process, timeout_ms, until)
                outcome = watch.follow()
        except BROKEN:
            # The worker has broken after the flow's return.
            if watch and watch.stop is None and isinstance(outcome, Returned | Payload):
                with suppress(AwsError), self._discarding(watch.job):
                    self._end(watch, outcome, flow)
            raise
        with self._discarding(job, watch.log):
            self._end(watch, outcome, flow)

    @contextmanager
    def _unclaiming(self, job: Job) -> Iterator[None]:
        """Undo the claim if there is no process, since a broken worker must not cost an attempt."""
        try:
            yield
        except BROKEN:
            with suppress(AwsError, Refused):
                self.parts.table.unclaim(job)
            raise

    @contextmanager
    def _discarding(self, job: Job, log: "AttemptLog | None" = None) -> Iterator[None]:
        """Discard the outcome if its write is refused."""
        try:
            yield
        except Refused as refused:
            seen = refused.seen
            if log and seen and seen.created_at == job.created_at and not seen.is_terminal:
                # Another worker has taken the job over, and this log was stored as its last.
                log.outlast(self.parts.clock.now())
            self._discard(job, seen)

    def _claimed(self, run: Run) -> Job | None:
        """Claim the job for a run of its flow; if that is refused, handle the delivery and return None."""
        try:
            job = self._claim(run)
        except Refused as refused:
            self._turn_away(refused.seen)
            return None
        self.batch.has_run = True
        add_fields(**job_fields(job))
        return job

    def _claim(self, run: Run) -> Job:
        now = self.parts.clock.now()
        run_times, owner = self.parts.run_times, secrets.token_urlsafe(6)
        run.begun_at = now
        claimed = self.parts.table.claim(
            self.message.id,
            created_at=self.message.created_at,
            owner=f"{owner[:-1]}{COLD}" if run_times.is_cold else owner,
            lease_until=now + self.parts.times.lease_ms,
            now=now,
            estimate=run.estimate,
            memory=self.parts.memory,
        )
        run_times.is_cold = False
        return claimed

    def _watch(self, job: Job, run: Run, process: FlowProcess, timeout_ms: int, until: int) -> Watch:
        call = Call(
            flow=self.message.flow,
            id=job.id,
            org=job.org,
            attempt=job.attempt,
            created_at=job.created_at,
            keep_seconds=job.keep_seconds,
            timeout_ms=timeout_ms,
            until=until,
            folder=process.folder,
            arguments=self.message.arguments,
            input=self.message.input,
            version=self.message.version,
            traceparent=self.message.traceparent,
            tracestate=self.message.tracestate,
        )
        parts = self.parts
        return Watch(
            job,
            run,
            process,
            call,
            self.batch,
            parts.table,
            parts.clock,
            parts.times,
            timeout_ms,
            until,
            parts.new_log(job),
            parts.secrets,
        )

    def _end(self, watch: Watch, outcome: Outcome, flow: FlowEntry) -> None:
        """Write the outcome of a finished attempt."""
        job, now, log = watch.job, self.parts.clock.now(), watch.log
        if watch.stop is Stop.TIMED_OUT:
            outcome = Raised(
                watch.timeout_error, trace=outcome.trace if isinstance(outcome, Raised) else None
            )
        if isinstance(outcome, Raised):
            outcome = replace(outcome, error=log.masker.mask_error(outcome.error))
        # Before the outcome, so that the log is there when the state is.
        is_kept = watch.stop in (None, Stop.TIMED_OUT)
        if log.is_open or isinstance(outcome, Raised):
            # A job that was taken over goes on in another worker.
            is_last = _is_final(job, outcome) if is_kept else watch.stop is Stop.CANCELLED
            log.close(now, outcome if is_kept else None, is_last=is_last)
        if watch.stop is None:
            if isinstance(outcome, Raised):
                self._log(job, outcome)
            self._settle(job, outcome, flow)
            if not isinstance(outcome, Raised):
                watch.run.took_ms = now - watch.run.begun_at
        elif watch.stop is Stop.TIMED_OUT:
            self._settle(job, outcome, flow, stopped_at=now)
        else:
            self._discard(job, self.parts.table.read(job.id, consistent=True))

    @staticmethod
    def _log(job: Job, raised: Raised) -> None:
        """Log where a flow raised; the message is logged only on request, since it may quote the input."""
        name = raised.error.partition(":")[0]
        extra = {**job_fields(job), "exception_name": name, "exception": raised.trace}
        text = {"exception_text": raised.error} if os.environ.get("LOG_ERROR_TEXTS") == "true" else {}
        logger().error("the flow raised", extra={**extra, **text})

    def _settle(
        self, job: Job, outcome: Outcome, flow: FlowEntry | None = None, stopped_at: int | None = None
    ) -> None:
        now = self.parts.clock.now()
        if not isinstance(outcome, Raised):
            result = outcome if isinstance(outcome, Payload) else outcome.result
            self.parts.table.complete(job, result=result, now=now)
        elif _is_final(job, outcome):
            self.parts.saved_inputs().keep(self.message, job, now)
            self.parts.table.fail(job, error=outcome.error, now=now, stopped_at=stopped_at)
        else:
            self._release(job, outcome, flow)

    def _release(self, job: Job, raised: Raised, flow: FlowEntry | None) -> None:
        """Release the job, and hide its message for the backoff instead of sending a new one."""
        asked = raised.retry_after
        pause = min(MAX_BACKOFF_SECONDS, self._backoff(job.attempt, flow) if asked is None else asked)
        now = self.parts.clock.now()
        self.parts.table.release(job, error=raised.error, not_before=now + round(pause * 1000), now=now)
        self.batch.defer(self.delivery, math.ceil(pause))

    def _backoff(self, attempt: int, flow: FlowEntry | None) -> float:
        """Return the backoff by the submission's settings, or else the flow's."""
        base, cap = (
            (flow.backoff_seconds, flow.backoff_cap_seconds)
            if flow
            else (DEFAULT_BACKOFF, DEFAULT_BACKOFF_CAP)
        )
        own_base, own_cap = self.message.backoff_seconds, self.message.backoff_cap_seconds
        return backoff_seconds(
            attempt, base if own_base is None else own_base, cap if own_cap is None else own_cap
        )

    def _discard(self, job: Job, seen: Job | None) -> None:
        """Discard the outcome, since the job was cancelled or taken over; handle the delivery by the row."""
        if seen is not None and seen.state is State.CANCELLED:
            with suppress(Refused):
                self.parts.table.record_stopped(job, self.parts.clock.now())
        self._turn_away(seen)

    def _turn_away(self, seen: Job | None) -> None:
        self.parts.unclaimed.turn_away(self.delivery, self.message, seen, self.batch)


def _is_final(job: Job, outcome: Outcome) -> bool:
    """Return whether the job ends with this outcome."""
    return not isinstance(outcome, Raised) or outcome.permanent or job.attempt >= job.max_attempts


def backoff_seconds(attempt: int, base: float, cap: float) -> float:
    """Return a random backoff after a failed attempt; full jitter spreads jobs that failed together."""
    return random.uniform(0, longest_backoff_seconds(attempt, base, cap))  # noqa: S311 - jitter, not a secret
