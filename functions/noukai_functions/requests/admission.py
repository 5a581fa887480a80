"""The admission of submissions: make the job, put its row, send its message, then answer.

After a crash between these steps, the caller's retry completes them.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.catalog.entries import Catalog, InputError
from noukai_functions.clock import Clock
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Job, State, job_id, needs_schedule
from noukai_functions.jobs.queues.queue import JobQueue, JobQueues, Message, OutgoingMessage
from noukai_functions.jobs.table import JobsTable, Refused
from noukai_functions.names import ALL_WEBHOOKS
from noukai_functions.refusals import IdempotencyConflictError, InvalidInputError
from noukai_functions.telemetry.logger import job_fields, logger
from noukai_functions.usage.budgets import Budgets
from noukai_wire import limits

if TYPE_CHECKING:
    from noukai_functions.delayed_messages import DelayedMessages
    from noukai_functions.jobs.objects import JobObjects
    from noukai_functions.jobs.queues.canary import CanaryShare
    from noukai_functions.requests.submission import Submission


@dataclass(frozen=True, slots=True)
class Admission:
    """The admission of submissions, which turns them into accepted jobs."""

    catalog: Catalog
    table: JobsTable
    budgets: Budgets
    queues: JobQueues
    clock: Clock
    delayed_messages: "Callable[[], DelayedMessages]"
    objects: "Callable[[], JobObjects]"
    canary: "CanaryShare | None" = None
    """None if the deployment has no canary."""

    def submit(self, name: str, key: str | None, submission: "Submission", org: str, by: str) -> Job:
        """Submit a job of the flow `name`, for the API key with the name `by`.

        The same idempotency key always gives the same job.
        """
        return self.create(*self.make_job(name, key, submission, org, by))

    def make_job(
        self, name: str, key: str | None, submission: "Submission", org: str, by: str
    ) -> tuple[Job, Message]:
        """Return the new job of a submission, and its message; write nothing yet."""
        job = self._new_job(name, key, submission, org, by)
        message = _message(job, submission, self.catalog.version)
        if submission.input is not None:
            self._check_input(job, submission.input)
        if "runAt" in submission.options:
            self._check_run_at(job, message, submission.options["runAt"])
        if "webhook" in submission.options:
            self._check_webhook(job, submission.options["webhook"])
        return job, message

    def create(self, job: Job, message: Message) -> Job:
        """Return the new job, or the existing one if it was the same submission."""
        stored = self.create_row(job, message)
        outgoing = self.outgoing(stored, message)
        if outgoing is not None:
            self.queue_of(stored).send(outgoing.message, delay_seconds=outgoing.delay_seconds)
            if stored is not job:
                self.note_resent(stored)
        return stored

    def create_row(self, job: Job, message: Message) -> Job:
        """Write the row of a new job, or return the existing job; send nothing yet.

        If a queue cannot delay the message for long enough, schedule it before putting the row. A schedule
        without a row sends a message that a worker drops; a row without a schedule would stay pending until
        its deadline to start.

        Raises:
            Refusal: the job is new, and the org's budget or limit of unfinished jobs is reached.
        """
        refusal = self.budgets.refusal(job.org, is_later=job.is_later)
        # An extra schedule sends only a message that is dropped, so that the cheaper read is enough for it.
        if (refusal or job.is_later) and not self._is_known(job, consistent=refusal is not None):
            if refusal:
                raise refusal
            self.delayed_messages().create(message, job.due_at, self.queue_of(job))
        try:
            self.table.create(job, job.created_at)
        except Refused as refused:
            if refused.seen is None:
                raise
            return _same_submission(refused.seen, job)
        return job

    def outgoing(self, job: Job, message: Message) -> OutgoingMessage | None:
        """Return the message that must be sent now, if any."""
        now = self.clock.now()
        if not job.may_be_resent(now):
            return None
        due = max(now, job.not_before or 0)
        return OutgoingMessage(replace(message, created_at=job.created_at), -(-(due - now) // 1000))

    def note_resent(self, job: Job) -> None:
        """Record that a repeated submission has sent the job's message again.

        Done after the send: a crash in between costs an extra message, whereas the other order could lose the
        message.
        """
        try:
            self.table.note_resent(job, self.clock.now())
        except Refused:
            pass  # a worker has claimed it in the meantime
        except AwsError:
            logger().warning("a resent message could not be recorded", extra=job_fields(job), exc_info=True)

    def queue_of(self, job: Job) -> JobQueue:
        """Return the queue for a job, of those of its flow's worker kind, or of the canary there."""
        kind = self.catalog.flows[job.flow].worker_kind
        return self.queues.of(kind, job.id, canary=job.canary is not None)

    def _new_job(self, name: str, key: str | None, submission: "Submission", org: str, by: str) -> Job:
        options, flow = submission.options, self.catalog.flows[name]
        now = self.clock.now()
        due = due_at(options, now)
        id_ = job_id(org, name, secrets.token_hex(20) if key is None else key)
        return Job(
            id=id_,
            org=org,
            flow=name,
            state=State.PENDING,
            created_at=now,
            attempt=0,
            max_attempts=options.get("maxAttempts", flow.max_attempts),
            digest=submission.digest,
            keep_seconds=options.get("keepSeconds", flow.keep_seconds),
            start_by=due + START_WITHIN_MS,
            not_before=due if due > now else None,
            metadata=options.get("metadata") or None,
            submitted_by=by or None,
            webhook=options.get("webhook") or self.webhook_of(org),
            canary=self.canary.mark_of(id_, name, is_later=needs_schedule(due - now))
            if self.canary
            else None,
        )

    def webhook_of(self, org: str) -> str | None:
        """Return the mark of a job that names no webhook endpoint: None if the org has none."""
        return ALL_WEBHOOKS if self.budgets.of(org).webhooks else None

    def _check_webhook(self, job: Job, name: str) -> None:
        """Refuse the name of a webhook endpoint that the org does not have, unless the job exists."""
        if not self.budgets.has_webhook(job.org, name) and not self._is_known(job, consistent=True):
            reason = f"names no webhook endpoint of this org: put {name!r} first, or leave it out"
            raise InvalidInputError([("options.webhook", reason)])

    def _check_run_at(self, job: Job, message: Message, run_at: int) -> None:
        """Refuse a start time that is past or too far, unless the job exists, as in a late resubmission."""
        errors = run_at_errors(run_at, job.created_at)
        if errors and not self._is_known(job, consistent=True):
            raise InvalidInputError(errors)
        if needs_schedule(run_at - job.created_at):
            # Imported here because few submissions are scheduled.
            from noukai_functions.delayed_messages import check_size  # noqa: PLC0415 - see above

            check_size(message)

    def _check_input(self, job: Job, reference: str) -> None:
        """Refuse an input that is missing, or expires before the job."""
        kept_until = self.objects().uploaded_until(job.org, reference)
        if kept_until is None:
            raise InvalidInputError([("input", "names no uploaded input: upload it, then submit the job")])
        if kept_until < job.start_by + job.keep_seconds * 1000:
            raise InvalidInputError(
                [("input", "expires before this job may be retried: upload it again with these options")]
            )

    def _is_known(self, job: Job, *, consistent: bool) -> bool:
        seen = self.table.read(job.id, consistent=consistent)
        return seen is not None and not seen.is_expired(job.created_at)


def due_at(options: Mapping[str, Any], now: int) -> int:
    """Return when a job with these options may start, in milliseconds since the epoch."""
    due: int = options.get("runAt", now + options.get("delaySeconds", 0) * 1000)
    return due


def run_at_errors(run_at: int, now: int) -> list[InputError]:
    """Return the errors of a start time; both times are in milliseconds since the epoch."""
    most = limits.MAX_RUN_AHEAD_SECONDS
    if run_at < now:
        return [("options.runAt", "is in the past: give a future time, or none to run at once")]
    if run_at - now > most * 1000:
        return [("options.runAt", f"must be at most {most} seconds ahead, which is a year")]
    return []


def _message(job: Job, submission: "Submission", version: str) -> Message:
    """Return the job's message, with the values that the row does not hold."""
    options, trace = submission.options, submission.trace
    return Message(
        id=job.id,
        created_at=job.created_at,
        org=job.org,
        flow=job.flow,
        arguments=submission.arguments,
        timeout_seconds=options.get("timeoutSeconds"),
        backoff_seconds=options.get("backoffSeconds"),
        backoff_cap_seconds=options.get("backoffCapSeconds"),
        input=submission.input,
        version=version,
        traceparent=trace and trace.parent,
        tracestate=trace and trace.state,
    )


def _same_submission(seen: Job, job: Job) -> Job:
    """Return the existing job of this id; raise a conflict if the submissions differ."""
    if seen.digest != job.digest:
        raise IdempotencyConflictError
    return seen
