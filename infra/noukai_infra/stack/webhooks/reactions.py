"""The function that reacts to the ends of jobs: webhooks, and events on the account's bus."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_infra.settings import Settings
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.reader import QUEUE_ACTIONS
from noukai_infra.stack.base.rights.stream_rights import read_stream
from noukai_infra.stack.base.stream import ENDED, MARKED
from noukai_infra.stack.storage.payloads import Payloads
from noukai_infra.stack.storage.tables import Tables
from noukai_infra.stack.storage.uncounted import Uncounted
from noukai_infra.stack.webhooks.storage import WebhookStorage

_TIMEOUT = 60
_BATCH = 100
_LATEST = Duration.hours(23)


class Reactions(Construct):
    """The second reader of the jobs table's stream. It is invoked only for jobs that somebody is told of.

    Its records are not gathered, so that an endpoint is told at once. What it fails to do goes to a queue of
    retries; a batch that fails for most of a day goes to a bucket.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        tables: Tables,
        payloads: Payloads,
        storage: WebhookStorage,
    ) -> None:
        super().__init__(scope, name)
        self.function = function = JobFunction(
            self,
            "Function",
            entry="reactions",
            code=code,
            settings=settings,
            memory=settings.wait_memory,
            timeout=_TIMEOUT,
            environment={"REACTIONS_QUEUE_URL": storage.reactions.queue_url},
        )
        storage.let_table(function, "dynamodb:Query")
        storage.let_send(function)
        payloads.let(function, "s3:GetObject")
        storage.reactions.grant(function, "sqs:SendMessage", *QUEUE_ACTIONS)
        if settings.event_bus is not None:
            self._let_put_on_bus(settings.event_bus)
        read_stream(function, tables.jobs)
        untold = Uncounted(self, "Untold", removal_policy=RemovalPolicy[settings.tables.upper()])
        self.outputs = {"UntoldBucket": untold.bucket_name, "ReactionsFunction": function.function_name}
        self._read(tables, untold, ENDED if settings.event_bus is not None else MARKED)
        reader = self._read_retries(storage, is_needed=settings.event_bus is not None)
        self.resting = () if settings.event_bus is not None else (reader,)
        """The readers that are disabled until there is an endpoint; the bus needs none."""

    def _read(self, tables: Tables, untold: Uncounted, pattern: Mapping[str, Any]) -> None:
        """Let the function read the stream."""
        self.function.live.add_event_source_mapping(
            "Records",
            event_source_arn=tables.jobs.table_stream_arn,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH,
            bisect_batch_on_error=True,
            report_batch_item_failures=True,
            max_record_age=_LATEST,
            on_failure=untold,
            filters=[lambda_.FilterCriteria.filter(pattern)],
        )

    def _read_retries(self, storage: WebhookStorage, *, is_needed: bool) -> lambda_.EventSourceMapping:
        """Let the function read the queue of retries, perhaps later."""
        return self.function.live.add_event_source_mapping(
            "Retries",
            event_source_arn=storage.reactions.queue_arn,
            batch_size=10,
            max_concurrency=2,
            enabled=is_needed,
            report_batch_item_failures=True,
        )

    def _let_put_on_bus(self, bus: str) -> None:
        self.function.add_environment("EVENT_BUS", bus)
        place = Stack.of(self).format_arn(service="events", resource="event-bus", resource_name=bus)
        self.function.add_to_role_policy(iam.PolicyStatement(actions=["events:PutEvents"], resources=[place]))
