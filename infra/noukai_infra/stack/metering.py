"""The metering, which counts usage from the stream of the jobs table."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_infra.settings import Scale, Settings
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.rights.stream_rights import read_stream
from noukai_infra.stack.base.stream import COUNTED, GATHERED_SECONDS, STARTED
from noukai_infra.stack.storage.tables import Tables
from noukai_infra.stack.storage.uncounted import Uncounted

_TIMEOUT = 60
_LATEST = Duration.hours(23)
"""A failing batch is retried until shortly before the stream deletes its records."""

_WINDOW = Duration.minutes(15)
"""Only the events of time windows name their shard; nothing else depends on the window."""


class Metering(Construct):
    """The function that reads ended and stopped jobs from the jobs table's stream.

    Counting relies on the order of a shard's batches: none is bisected, and no shard is read in parallel.
    Only a batch that has failed for most of a day goes to a bucket. Recounting relies on nothing being
    discarded earlier, so the number of retries is unlimited.
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
            memory=settings.scale.metering_memory or settings.memory,
            timeout=_TIMEOUT,
            environment=_environment(settings, tables),
        )
        self.function = function
        tables.usage.grant(function, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:UpdateItem")
        read_stream(function, tables.jobs)
        self.uncounted = Uncounted(self, "Uncounted", removal_policy=RemovalPolicy[settings.tables.upper()])
        bucket = self.uncounted.bucket_name
        self.outputs = {"UncountedBucket": bucket, "MeteringFunction": function.function_name}
        patterns = (*COUNTED, *(STARTED if settings.has_metrics else ()))
        function.live.add_event_source_mapping(
            "Records",
            event_source_arn=tables.jobs.table_stream_arn,
            # No record is missed between the creation of the stream and of its reader.
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=settings.scale.metering_batch,
            max_batching_window=Duration.seconds(GATHERED_SECONDS),
            max_record_age=_LATEST,
            tumbling_window=_WINDOW,
            on_failure=self.uncounted,
            filters=[lambda_.FilterCriteria.filter(pattern) for pattern in patterns],
        )


def _environment(settings: Settings, tables: Tables) -> dict[str, str]:
    shards = settings.scale.stream_shards
    return {
        "USAGE_TABLE": tables.usage.table_name,
        "WORKER_MEMORY": str(settings.worker.memory),
        **prices(settings),
        **_flows_with_metrics(settings),
        **({"STREAM_SHARDS": str(shards)} if shards != Scale().stream_shards else {}),
    }


def _flows_with_metrics(settings: Settings) -> dict[str, str]:
    """Return the environment that names the flows with metrics of their own."""
    flows = "*" if settings.metrics == "flow" else ",".join(sorted(settings.failed_flows))
    return {"METRICS_FLOWS": flows} if flows and settings.has_metrics else {}


def prices(settings: Settings) -> dict[str, str]:
    """Return the environment of a function that estimates costs."""
    return {"PRICE_JOB": str(settings.price_job), "PRICE_GB_SECOND": str(settings.usd_per_gb_second)}
