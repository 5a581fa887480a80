"""The event source of workers and of the dead-letter reader."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

from noukai_infra.settings.worker_kind import ProvisionedPollers
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
    name: str = "Deliveries",
    pollers: ProvisionedPollers | None = None,
    alias: lambda_.Alias | None = None,
) -> None:
    """Deliver the queue's messages to the function, with partial batch responses.

    `batch_window` is in seconds. With provisioned `pollers`, these limit the concurrency. `alias` is another
    one than `live`.
    """
    tables.allow_jobs(function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
    queue.grant(function, *QUEUE_ACTIONS)
    (alias or function.live).add_event_source_mapping(
        name,
        event_source_arn=queue.queue_arn,
        batch_size=batch_size,
        max_batching_window=Duration.seconds(batch_window),
        # AWS takes only one of the two.
        max_concurrency=None if pollers else max_concurrency,
        provisioned_poller_config=_provisioned(pollers) if pollers else None,
        report_batch_item_failures=True,
    )


def _provisioned(pollers: ProvisionedPollers) -> lambda_.ProvisionedPollerConfig:
    return lambda_.ProvisionedPollerConfig(minimum_pollers=pollers.minimum, maximum_pollers=pollers.maximum)
