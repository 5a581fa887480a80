"""Metering: usage is counted from the stream of the jobs table."""

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_infra.settings import Settings
from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.stream import COUNTED, GATHERED_SECONDS
from noukai_infra.stack.storage.tables import Tables
from noukai_infra.stack.storage.uncounted import Uncounted

_TIMEOUT = 60
_BATCH = 1000
_LATEST = Duration.hours(23)
"""A batch that could not be counted is tried again until shortly before the stream forgets it."""

_WINDOW = Duration.minutes(15)
"""Only the events of time windows name the shard of their records; nothing else depends on the window."""


class Metering(Construct):
    """The function that reads from the jobs table's stream each job that has ended or was stopped.

    A shard's batches come one after the other and in order, which counting relies on: none is bisected, and
    no shard is read in parallel. What is tried in vain for most of a day goes to a bucket, and only that:
    whoever counts it relies on nothing being discarded earlier, so that attempts have no limit.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        tables: Tables,
    ) -> None:
        super().__init__(scope, name)
        function = JobFunction(
            self,
            "Function",
            entry="metering",
            code=code,
            settings=settings,
            memory=settings.memory,
            timeout=_TIMEOUT,
            environment={
                "USAGE_TABLE": tables.usage.table_name,
                "WORKER_MEMORY": str(settings.worker.memory),
                **prices(settings),
            },
        )
        tables.usage.grant(function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        self._allow_stream(function, tables.jobs)
        uncounted = Uncounted(self, "Uncounted", removal_policy=RemovalPolicy[settings.tables.upper()])
        self.outputs = {"UncountedBucket": uncounted.bucket_name, "MeteringFunction": function.function_name}
        function.live.add_event_source_mapping(
            "Records",
            event_source_arn=tables.jobs.table_stream_arn,
            # Nothing is missed between the making of the stream and that of its reader.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=_BATCH,
            max_batching_window=Duration.seconds(GATHERED_SECONDS),
            max_record_age=_LATEST,
            tumbling_window=_WINDOW,
            on_failure=uncounted,
            filters=[lambda_.FilterCriteria.filter(pattern) for pattern in COUNTED],
        )

    def _allow_stream(self, function: JobFunction, table: dynamodb.ITable) -> None:
        reading = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
        function.add_to_role_policy(iam.PolicyStatement(actions=reading, resources=[table.table_stream_arn or ""]))
        # AWS allows it for no narrower resource than all streams of the table.
        listing = iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=[f"{table.table_arn}/stream/*"])
        function.add_to_role_policy(listing)
        streams = f"<{Stack.of(self).resolve(table.table_arn)['Fn::GetAtt'][0]}.Arn>/stream/*"
        acknowledge(self, f"IAM5[Resource::{streams}]", "AWS lets a table's streams be listed for all of them alone")


def prices(settings: Settings) -> dict[str, str]:
    """Return the environment of a function that estimates costs."""
    return {"PRICE_JOB": str(settings.price_job), "PRICE_GB_SECOND": str(settings.usd_per_gb_second)}
