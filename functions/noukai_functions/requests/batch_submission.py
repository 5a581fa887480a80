"""The submission of a batch of jobs of one flow."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from noukai_functions.jobs.lifecycle import Job
from noukai_functions.jobs.queues.queue import SEND_BATCH_SIZE, OutgoingMessage
from noukai_functions.refusals import UnavailableError
from noukai_functions.requests.admission import Admission
from noukai_functions.requests.submission import keyed_submission

if TYPE_CHECKING:
    from noukai_wire.traces import Trace


@dataclass(frozen=True, slots=True)
class BatchSubmission:
    """A batch of submissions of the flow `name`, by one org."""

    admission: Admission
    name: str
    org: str
    by: str
    """The name of the API key."""
    batch_key: str | None
    """The idempotency key of the batch. A submission without its own key gets one from this and its place."""
    trace: "Trace | None" = None

    def submit(self, entries: Sequence[object], *, until: int) -> list[Job | Exception]:
        """Submit the jobs in order; return each job, or its error.

        Submissions not begun by `until` fail as unavailable, so that the caller retries them.
        """
        outcomes: list[Job | Exception] = []
        outbox = _Outbox(self.admission)
        # Sequential, because three quarters of the time are CPU, and a small function has too little for
        # threads.
        for place, entry in enumerate(entries):
            if self.admission.clock.now() >= until:
                outcomes.append(UnavailableError())
                continue
            try:
                outcomes.append(self._submit_one(entry, place, outbox))
            except Exception as raised:  # noqa: BLE001 - one submission must not hide the others' results
                outcomes.append(raised)
        outbox.send()
        return [
            UnavailableError() if isinstance(each, Job) and each.id in outbox.unsent else each
            for each in outcomes
        ]

    def _submit_one(self, entry: object, place: int, outbox: "_Outbox") -> Job:
        key, submission = keyed_submission(entry, self.name, self.admission.catalog, self.trace)
        if key is None and self.batch_key is not None:
            # No idempotency key can hold a line break, so that none equals a place's key.
            key = f"{self.batch_key}\n{place}"
        job, message = self.admission.make_job(self.name, key, submission, self.org, self.by)
        stored = self.admission.create_row(job, message)
        outbox.add(stored, self.admission.outgoing(stored, message), is_repeated=stored is not job)
        return stored


@dataclass(slots=True)
class _Outbox:
    """The messages of a batch, sent as its rows are written: a crash leaves at most ten rows without one.

    A job that occurs twice in the batch gets one message.
    """

    admission: Admission
    unsent: set[str] = field(default_factory=set)
    _messages: dict[str | None, list[OutgoingMessage]] = field(default_factory=dict)
    """By the mark of their jobs' canary, which has a queue of its own."""
    _last: dict[str | None, Job] = field(default_factory=dict)
    _added: set[str] = field(default_factory=set)
    _repeated: list[Job] = field(default_factory=list)

    def add(self, job: Job, outgoing: OutgoingMessage | None, *, is_repeated: bool) -> None:
        if outgoing is None or job.id in self._added:
            return
        self._added.add(job.id)
        of_queue = self._messages.setdefault(job.canary, [])
        of_queue.append(outgoing)
        self._last[job.canary] = job
        self._repeated += [job] if is_repeated else []
        if len(of_queue) == SEND_BATCH_SIZE:
            self.send()

    def send(self) -> None:
        for mark, messages in self._messages.items():
            if messages:
                # Any queue of the flow will do: those that are sent together go to the same.
                self.unsent |= self.admission.queue_of(self._last[mark]).send_many(messages)
        for job in self._repeated:
            if job.id not in self.unsent:
                self.admission.note_resent(job)
        self._messages, self._repeated = {}, []
