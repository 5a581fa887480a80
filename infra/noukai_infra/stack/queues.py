"""The queues of jobs and their dead-letter queues."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from noukai_functions.names import CANARY_KIND, DEFAULT_KIND
from noukai_infra.settings import WorkerKind
from noukai_infra.stack.base.worker_kinds import FURTHER_QUEUES, in_a_resource
from noukai_infra.stack.worker import visibility_seconds

MIN_RECEIVES, MAX_RECEIVES = 100, 1000
"""Deferrals count as receives too, so that the dead-letter queue is a backstop, not the retry policy.
Deliveries returned because of a long job in their batch also count: with a full backlog, nine in ten each
time. With a hundred receives, 27 jobs in a million would be lost. So queues with a short visibility
timeout allow a thousand, AWS's maximum."""

_JOB_RETENTION = Duration.days(10)
"""Two days more than the deadline to start; the dead-letter queue keeps messages for four further days."""

_DAY_SECONDS = 24 * 60 * 60

MAX_DEAD_LETTER_RECEIVES = 500
"""A dead-letter message of a live job is deferred by a lease at a time; one that cannot be processed reaches
this after two days."""

_MAX_MESSAGE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class JobQueues:
    """The queues of jobs: the default worker's, and one per worker kind.

    `further` are the other queues of worker kinds that have several; jobs are sent to the first of them, as
    many as `sent` says. The others are kept until they are empty.
    """

    default: sqs.IQueue
    of_kinds: Mapping[str, sqs.IQueue] = field(default_factory=dict)
    further: Mapping[str, Sequence[sqs.IQueue]] = field(default_factory=dict)
    sent: Mapping[str, int] = field(default_factory=dict)
    canaries: Mapping[str, sqs.IQueue] = field(default_factory=dict)
    """The queues of the canary by worker kind; empty without one."""
    only_in_canary: Sequence[str] = ()
    """The flows that the stable version cannot run as they are described now."""

    def only(self, kinds: Iterable[str]) -> "JobQueues":
        """Return only the queues of these worker kinds."""
        of_kinds = {name: self.of_kinds[name] for name in kinds}
        further = {kind: self.further[kind] for kind in (DEFAULT_KIND, *of_kinds) if kind in self.further}
        of_canary = {name: each for name, each in self.canaries.items() if name in (DEFAULT_KIND, *of_kinds)}
        return JobQueues(self.default, of_kinds, further, self.sent, of_canary, self.only_in_canary)

    def first(self) -> Iterator[tuple[str, sqs.IQueue]]:
        """Iterate over the names of worker kinds, each with its first queue."""
        yield from {DEFAULT_KIND: self.default, **self.of_kinds}.items()

    def __iter__(self) -> Iterator[sqs.IQueue]:
        """Iterate over all queues."""
        further = chain.from_iterable(self.further.values())
        return iter((self.default, *self.of_kinds.values(), *further, *self.canaries.values()))

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a function that sends to the queues."""
        urls = {name: queue.queue_url for name, queue in self.of_kinds.items()}
        canaries = {name: queue.queue_url for name, queue in self.canaries.items()}
        return {
            "QUEUE_URL": self.default.queue_url,
            **({"WORKER_KIND_QUEUES": json.dumps(urls)} if urls else {}),
            **({"FURTHER_QUEUES": json.dumps(sent)} if (sent := self._sent) else {}),
            **({"CANARY_QUEUES": json.dumps(canaries)} if canaries else {}),
            **({"CANARY_ONLY": ",".join(self.only_in_canary)} if canaries and self.only_in_canary else {}),
        }

    @property
    def outputs(self) -> dict[str, str]:
        """Return the stack's output about further queues; empty if there are none."""
        urls = {kind: _urls(queues) for kind, queues in self.further.items()}
        sent = {kind: self.sent.get(kind, 0) for kind in urls}
        return {FURTHER_QUEUES: json.dumps({"sent": sent, "urls": urls})} if urls else {}

    @property
    def _sent(self) -> dict[str, list[str]]:
        return {
            kind: _urls(queues[: self.sent[kind]])
            for kind, queues in self.further.items()
            if self.sent.get(kind)
        }

    def of(self, kind: str) -> list[sqs.IQueue]:
        """Return all queues of a worker kind, the first first."""
        return [dict(self.first())[kind], *self.further.get(kind, ())]

    @property
    def named(self) -> dict[str, list[sqs.IQueue]]:
        """Return all queues by the names that worker kinds and their canaries have in metrics."""
        of_kinds = {kind: self.of(kind) for kind, _ in self.first()}
        return of_kinds | {f"{kind}{CANARY_KIND}": [each] for kind, each in self.canaries.items()}

    def let_send(self, grantee: iam.IGrantable) -> None:
        """Allow a function or a role to send to each queue."""
        for queue in self:
            queue.grant(grantee, "sqs:SendMessage")


class Queues(Construct):
    """The queues of jobs, their dead-letter queue, and its own dead-letter queue; encrypted, TLS only.

    Nothing reads the last one: the operator sends its messages to the reader again. `worker` is the default
    worker kind. `kept` says how many queues of a worker kind are there at least. `dead_letter_visibility` is
    in seconds. The age of a dead-letter message counts from its first send, so the dead-letter queue has a
    much longer retention.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        worker: WorkerKind,
        kinds: Mapping[str, WorkerKind],
        dead_letter_visibility: int,
        kept: Mapping[str, int],
        has_canary: bool = False,
        only_in_canary: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, name)
        self.unprocessed = _queue(
            self, "Unprocessed", retention=Duration.days(14), visibility=dead_letter_visibility
        )
        self.dead_letters = _queue(
            self,
            "DeadLetters",
            retention=Duration.days(14),
            visibility=dead_letter_visibility,
            dead_letter_queue=sqs.DeadLetterQueue(
                max_receive_count=MAX_DEAD_LETTER_RECEIVES, queue=self.unprocessed
            ),
        )
        self.jobs = JobQueues(
            self._of_jobs("Jobs", worker),
            {name: self._of_jobs(f"Jobs{in_a_resource(name)}", kind) for name, kind in kinds.items()},
            dict(self._further({DEFAULT_KIND: worker, **kinds}, kept)),
            {name: kind.queues - 1 for name, kind in {DEFAULT_KIND: worker, **kinds}.items()},
            self._of_canary({DEFAULT_KIND: worker, **kinds}) if has_canary else {},
            only_in_canary,
        )

    def _of_canary(self, kinds: Mapping[str, WorkerKind]) -> dict[str, sqs.IQueue]:
        return {name: self._of_jobs(f"Canary{in_a_resource(name)}", kind) for name, kind in kinds.items()}

    def _further(
        self, kinds: Mapping[str, WorkerKind], kept: Mapping[str, int]
    ) -> Iterator[tuple[str, list[sqs.Queue]]]:
        for name, kind in kinds.items():
            of_kind = "" if name == DEFAULT_KIND else in_a_resource(name)
            numbers = range(2, max(kind.queues, kept.get(name, 1)) + 1)
            made = [self._of_jobs(f"Jobs{of_kind}Queue{number}", kind) for number in numbers]
            if made:
                yield name, made

    def _of_jobs(self, name: str, kind: WorkerKind) -> sqs.Queue:
        visibility = visibility_seconds(kind)
        receives = min(MAX_RECEIVES, max(MIN_RECEIVES, _DAY_SECONDS // visibility))
        return _queue(
            self,
            name,
            retention=_JOB_RETENTION,
            visibility=visibility,
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=receives, queue=self.dead_letters),
        )


def _urls(queues: Sequence[sqs.IQueue]) -> list[str]:
    return [each.queue_url for each in queues]


def _queue(
    scope: Construct,
    name: str,
    *,
    retention: Duration,
    visibility: int,
    dead_letter_queue: sqs.DeadLetterQueue | None = None,
) -> sqs.Queue:
    return sqs.Queue(
        scope,
        name,
        retention_period=retention,
        visibility_timeout=Duration.seconds(visibility),
        dead_letter_queue=dead_letter_queue,
        max_message_size_bytes=_MAX_MESSAGE_BYTES,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
    )
