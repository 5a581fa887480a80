"""The submission of jobs, for every route that takes one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.accepting import accept, enter, letter_of, note_resent, uploaded_until
from functions.catalog import SUBMISSION, Catalog
from functions.deployment import Deployment
from functions.identity import job_id
from functions.lifecycle import GIVE_UP_AFTER_MS, Job, State, needs_schedule
from functions.queue import SEND_BATCH_SIZE, JobQueue, Letter, Message
from functions.refusals import FlowNotFoundError, InvalidInputError, UnavailableError
from functions.submission import Submission, keyed_submission, run_at_errors
from noukai_wire.slug import is_slug


def prepare(deployment: Deployment) -> None:
    """Make the parts that every submission uses."""
    _ = deployment.keys, deployment.budgets, deployment.store, deployment.queue
    deployment.catalog.prepare(SUBMISSION)


def submitted(name: str, key: str | None, submission: Submission, org: str, deployment: Deployment) -> Job:
    """Accept a job of the flow `name`.

    The same idempotency key gives the same one, whatever happened since.
    """
    return accept(*_asked_for(org, name, key, submission, deployment), deployment)


def submitted_each(
    name: str, batch_key: str | None, entries: Sequence[object], org: str, deployment: Deployment, *, until: int
) -> list[Job | Exception]:
    """Accept the jobs of a batch, in their order: each job, or what it failed with.

    A submission without a key of its own is named by the batch's key and its place in the batch. Those that are not
    begun by the time `until` are their caller's to retry.
    """
    outcomes: list[Job | Exception] = []
    outbox = _Outbox(deployment, deployment.queue_of(name))

    def enter_one(entry: object, place_key: str | None) -> Job:
        if deployment.clock.now() >= until:
            raise UnavailableError
        key, submission = keyed_submission(entry, name, deployment.catalog)
        job, message = _asked_for(org, name, key or place_key, submission, deployment)
        entered = enter(job, message, deployment)
        outbox.add(entered, letter_of(entered, message, deployment), is_repeated=entered is not job)
        return entered

    # One after the other: three quarters of the time are CPU, of which a small function has too little for
    # threads.
    for place, entry in enumerate(entries):
        # No key can hold a line break, so none names the job of a place.
        place_key = None if batch_key is None else f"{batch_key}\n{place}"
        try:
            outcomes.append(enter_one(entry, place_key))
        except Exception as raised:  # noqa: BLE001 - whatever it is, the others' answers must not be lost
            outcomes.append(raised)
    outbox.send()
    return [UnavailableError() if isinstance(each, Job) and each.id in outbox.unsent else each for each in outcomes]


@dataclass(slots=True)
class _Outbox:
    """The messages of a batch, sent as its rows are written: a crash leaves at most ten rows without one.

    A job that the batch names twice has one message.
    """

    deployment: Deployment
    queue: JobQueue
    unsent: set[str] = field(default_factory=set)
    _letters: list[Letter] = field(default_factory=list)
    _added: set[str] = field(default_factory=set)
    _repeated: list[Job] = field(default_factory=list)

    def add(self, job: Job, letter: Letter | None, *, is_repeated: bool) -> None:
        if letter is None or job.id in self._added:
            return
        self._added.add(job.id)
        self._letters.append(letter)
        self._repeated += [job] if is_repeated else []
        if len(self._letters) == SEND_BATCH_SIZE:
            self.send()

    def send(self) -> None:
        self.unsent |= self.queue.send_many(self._letters)
        for job in self._repeated:
            if job.id not in self.unsent:
                note_resent(job, self.deployment)
        self._letters, self._repeated = [], []


def flow_name(path: Mapping[str, str], catalog: Catalog) -> str:
    """Parse the path: `project/flow` of a deployed flow."""
    project, flow = path["project"], path["flow"]
    name = f"{project}/{flow}"
    if not (is_slug(project) and is_slug(flow)) or name not in catalog.flows:
        raise FlowNotFoundError(name)
    if path.get("version", "v0") != "v0":
        raise FlowNotFoundError(f"{name}/{path['version']}")
    return name


def _asked_for(
    org: str, name: str, key: str | None, submission: Submission, deployment: Deployment
) -> tuple[Job, Message]:
    """Return a submission's new job and its message."""
    job = _new_job(org, name, key, submission, deployment)
    message = _message(job, submission, deployment.catalog.version)
    if submission.input is not None:
        _check_input(job, submission.input, deployment)
    if "runAt" in submission.options:
        _check_run_at(job, message, submission.options["runAt"], deployment)
    return job, message


def _check_run_at(job: Job, message: Message, run_at: int, deployment: Deployment) -> None:
    """Refuse a start time that is past or too far, unless the job exists: a resubmission may come late."""
    errors = run_at_errors(run_at, job.created_at)
    if errors:
        seen = deployment.store.read(job.id, consistent=True)
        if seen is None or seen.is_expired(job.created_at):
            raise InvalidInputError(errors)
    if needs_schedule(run_at - job.created_at):
        # Only a submission that waits so long loads what it takes.
        from functions.schedules import check_size  # noqa: PLC0415 - as said

        check_size(message)


def _check_input(job: Job, reference: str, deployment: Deployment) -> None:
    """Refuse an input that was never uploaded, or expires before the job."""
    kept_until = uploaded_until(job, reference, deployment)
    if kept_until is None:
        raise InvalidInputError([("input", "names nothing that is here: upload the input, then submit it")])
    if kept_until < job.give_up_at + job.keep_seconds * 1000:
        raise InvalidInputError([("input", "is not kept for as long as this job: upload it again with these options")])


def due_at(options: Mapping[str, Any], now: int) -> int:
    """Return when a job with these options may start, in milliseconds since the epoch."""
    due: int = options.get("runAt", now + options.get("delaySeconds", 0) * 1000)
    return due


def _new_job(org: str, name: str, key: str | None, submission: Submission, deployment: Deployment) -> Job:
    options, flow = submission.options, deployment.catalog.flows[name]
    now = deployment.clock.now()
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
        give_up_at=due + GIVE_UP_AFTER_MS,
        not_before=due if due > now else None,
        metadata=options.get("metadata") or None,
    )


def _message(job: Job, submission: Submission, version: str) -> Message:
    """Return the message with what the row does not hold."""
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
