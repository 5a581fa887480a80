"""The function that posts events to webhook endpoints."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_infra.settings import Settings
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.reader import QUEUE_ACTIONS
from noukai_infra.stack.webhooks.storage import WebhookStorage

_TIMEOUT = 60
"""In seconds: fifteen for an endpoint to answer, the rest for records and further tries."""

_TABLE_ACTIONS = ("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")

MAX_CONCURRENCY = 10
"""Readers of the queue at once. Each posts ten events side by side: hundreds a second, if each takes 100 ms.
"""


class Delivering(Construct):
    """The function, the readers of its queue, and its invocation by the tick.

    It has rights for its queue, its table and its secret, and no other: an endpoint that took it over would
    find no job, no key and no usage.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        storage: WebhookStorage,
        tick: JobFunction,
    ) -> None:
        super().__init__(scope, name)
        function = JobFunction(
            self,
            "Function",
            entry="deliver",
            code=code,
            settings=settings,
            memory=settings.wait_memory,
            timeout=_TIMEOUT,
            environment={"WEBHOOKS_TO_LOCALHOST": "true"} if settings.webhooks_to_localhost else {},
        )
        storage.let_table(function, *_TABLE_ACTIONS, index=True)
        storage.let_know_secret(function)
        storage.events.grant(function, *QUEUE_ACTIONS)
        self.reader = function.live.add_event_source_mapping(
            "Events",
            event_source_arn=storage.events.queue_arn,
            batch_size=10,
            max_batching_window=Duration.seconds(0),
            max_concurrency=MAX_CONCURRENCY,
            enabled=False,
            report_batch_item_failures=True,
        )
        storage.let_table(tick, "dynamodb:Scan", index=True)
        tick.add_environment("DELIVER_FUNCTION", function.live.function_arn)
        function.live.grant_invoke(tick)
