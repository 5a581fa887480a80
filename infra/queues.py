"""The queue that delivers jobs to the worker, and those that catch what was not delivered, processed or counted."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.acknowledgement import acknowledge

MAX_RECEIVES = 100
"""Deferrals count as receives too: the dead-letter queue is the backstop, not the retry policy."""

MAX_LETTER_RECEIVES = 500
"""A letter of a job that lives is deferred by a lease at a time; one that cannot be processed takes two days to it."""

_MAX_MESSAGE_BYTES = 1024 * 1024


class Queues(Construct):
    """A queue, its dead-letter queue, and what the reader of that one could not process; encrypted and for TLS only.

    Nothing reads the last one: its letters wait for the operator, who sends them to the reader again. Nor does anything
    read what says where in the jobs table's stream a batch lies that could not be counted.
    `visibility` and `dead_letter_visibility` are in seconds. A letter's age counts from its first send, so the
    dead-letter queue keeps what it gets far longer.
    """

    def __init__(self, scope: Construct, name: str, *, visibility: int, dead_letter_visibility: int) -> None:
        super().__init__(scope, name)
        self.unprocessed = _queue(self, "Unprocessed", retention=Duration.days(14), visibility=dead_letter_visibility)
        self.uncounted = _queue(self, "Uncounted", retention=Duration.days(14), visibility=dead_letter_visibility)
        acknowledge(self.uncounted, "SQS3", "it is itself where what was tried in vain ends; nothing reads it")
        self.dead_letters = _queue(
            self,
            "DeadLetters",
            retention=Duration.days(14),
            visibility=dead_letter_visibility,
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=MAX_LETTER_RECEIVES, queue=self.unprocessed),
        )
        self.jobs = _queue(
            self,
            "Jobs",
            retention=Duration.days(4),
            visibility=visibility,
            dead_letter_queue=sqs.DeadLetterQueue(max_receive_count=MAX_RECEIVES, queue=self.dead_letters),
        )


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
