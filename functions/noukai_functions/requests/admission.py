"""The submission of jobs, shared by every route that accepts one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from noukai_functions.catalog.entries import Catalog
from noukai_functions.clock import Clock
from noukai_functions.jobs.job_id import job_id
from noukai_functions.jobs.lifecycle import START_WITHIN_MS, Job, State, needs_schedule
from noukai_functions.jobs.queue import SEND_BATCH_SIZE, JobQueue, Message, OutgoingMessage
from noukai_functions.jobs.table import JobsTable
from noukai_functions.refusals import InvalidInputError, UnavailableError
from noukai_functions.requests.creation import JobCreation
from noukai_functions.requests.submission import Submission, keyed_submission, run_at_errors

if TYPE_CHECKING:
    from noukai_functions.jobs.objects import JobObjects


@dataclass(frozen=True, slots=True)
class Admission:
    """The admission of submissions, which turns them into accepted jobs."""

    catalog: Catalog
    creation: JobCreation
    table: JobsTable
    clock: Clock
    objects: "Callable[[], JobObjects]"

    def submit(self, name: str, key: str | None, submission: Submission, org: str) -> Job:
        """Submit a job of the flow `name`.

        The same idempotency key always gives the same job.
        """
        return self.creation.create(*self._asked_for(org, name, key, submission))

    def submit_each(
        self, name: str, batch_key: str | None, entries: Sequence[object], org: str, *, until: int
    ) -> list[Job | Exception]:
        """Submit the jobs of a batch, in order; return each job, or its error.

        A submission without an idempotency key gets one from the batch's key and its place. Submissions not
        begun by `until` fail as unavailable, so that the caller retries them.
        """
        outcomes: list[Job | Exception] = []
        outbox = _Outbox(self.creation, self.creation.queue_of(name))

        def submit_one(entry: object, place_key: str | None) -> Job:
            if self.clock.now() >= until:
                raise UnavailableError
            key, submission = keyed_submission(entry, name, self.catalog)
            job, message = self._asked_for(org, name, key or place_key, submission)
            stored = self.creation.create_row(job, message)
            outbox.add(stored, self.creation.outgoing(stored, message), is_repeated=stored is not job)
            return stored

        # Sequential, because three quarters of the time are CPU, and a small function has too little for
        # threads.
        for place, entry in enumerate(entries):
            # No idempotency key can hold a line break, so that none equals a place's key.
            place_key = None if batch_key is None else f"{batch_key}\n{place}"
            try:
                outcomes.append(submit_one(entry, place_key))
            except Exception as raised:  # noqa: BLE001 - one submission must not hide the others' results
                outcomes.append(raised)
        outbox.send()
        return [
            UnavailableError() if isinstance(each, Job) and each.id in outbox.unsent else each
            for each in outcomes
        ]

    def _asked_for(self, org: str, name: str, key: str | None, submission: Submission) -> tuple[Job, Message]:
        """Return the new job of a submission, and its message."""
        job = self._new_job(org, name, key, submission)
        message = _message(job, submission, self.catalog.version)
        if submission.input is not None:
            self._check_input(job, submission.input)
        if "runAt" in submission.options:
            self._check_run_at(job, message, submission.options["runAt"])
        return job, message

    def _check_run_at(self, job: Job, message: Message, run_at: int) -> None:
        """Refuse a start time that is past or too far, unless the job exists, as in a late resubmission."""
        errors = run_at_errors(run_at, job.created_at)
        if errors:
            seen = self.table.read(job.id, consistent=True)
            if seen is None or seen.is_expired(job.created_at):
                raise InvalidInputError(errors)
        if needs_schedule(run_at - job.created_at):
            # Imported here because few submissions are scheduled.
            from noukai_functions.schedules import check_size  # noqa: PLC0415 - see above

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

    def _new_job(self, org: str, name: str, key: str | None, submission: Submission) -> Job:
        options, flow = submission.options, self.catalog.flows[name]
        now = self.clock.now()
        due = due_at(options, now)
        return Job(
            id=job_id(org, name, key),
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
        )


@dataclass(slots=True)
class _Outbox:
    """The messages of a batch, sent as its rows are written: a crash leaves at most ten rows without one.

    A job that occurs twice in the batch gets one message.
    """

    creation: JobCreation
    queue: JobQueue
    unsent: set[str] = field(default_factory=set)
    _messages: list[OutgoingMessage] = field(default_factory=list)
    _added: set[str] = field(default_factory=set)
    _repeated: list[Job] = field(default_factory=list)

    def add(self, job: Job, outgoing: OutgoingMessage | None, *, is_repeated: bool) -> None:
        if outgoing is None or job.id in self._added:
            return
        self._added.add(job.id)
        self._messages.append(outgoing)
        self._repeated += [job] if is_repeated else []
        if len(self._messages) == SEND_BATCH_SIZE:
            self.send()

    def send(self) -> None:
        self.unsent |= self.queue.send_many(self._messages)
        for job in self._repeated:
            if job.id not in self.unsent:
                self.creation.note_resent(job)
        self._messages, self._repeated = [], []


def due_at(options: Mapping[str, Any], now: int) -> int:
    """Return when a job with these options may start, in milliseconds since the epoch."""
    due: int = options.get("runAt", now + options.get("delaySeconds", 0) * 1000)
    return due


def _message(job: Job, submission: Submission, version: str) -> Message:
    """Return the job's message, with the values that the row does not hold."""
    options = submission.options
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
    )
