"""The event source of workers and of the dead-letter reader."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs

from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.storage.tables import Tables

QUEUE_ACTIONS = (
    "sqs:ReceiveMessage",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ChangeMessageVisibility",
)


def read_queue(
    function: JobFunction,
    queue: sqs.IQueue,
    tables: Tables,
    *,
    batch_size: int,
    batch_window: int,
    max_concurrency: int,
) -> None:
    """Deliver the queue's messages to the function, with partial batch responses.

    `batch_window` is in seconds.
    """
    tables.allow_jobs(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    queue.grant(function, *QUEUE_ACTIONS)
    function.live.add_event_source_mapping(
        "Deliveries",
        event_source_arn=queue.queue_arn,
        batch_size=batch_size,
        max_batching_window=Duration.seconds(batch_window),
        max_concurrency=max_concurrency,
        report_batch_item_failures=True,
    )
