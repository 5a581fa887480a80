"""The stack: nothing but the composition of its constructs."""

from aws_cdk import CfnOutput, DefaultStackSynthesizer, RemovalPolicy, Stack
from constructs import Construct

from infra.api import Api
from infra.assets import Assets
from infra.dead_letters import VISIBILITY_SECONDS, DeadLetterReader
from infra.metering import Metering
from infra.queues import Queues
from infra.schedules import Schedules
from infra.settings import Settings
from infra.sweep import Sweep
from infra.tables import Tables
from infra.worker import Worker, visibility_seconds


class JobStack(Stack):
    """The whole system in one stack of no particular account or region.

    Its outputs are what an operator needs: `Endpoint`, `JobsTable`, `KeysTable`, `UsageTable`, `QueueUrl`,
    `DeadLetterQueueUrl`, `UnprocessedQueueUrl`, `UncountedQueueUrl`.
    """

    def __init__(self, scope: Construct, *, settings: Settings, assets: Assets) -> None:
        # The CDK command checks the bootstrap's version by itself; the rule in the template would only keep it from
        # being created without that command.
        synthesizer = DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        super().__init__(scope, settings.stack, synthesizer=synthesizer)
        tables = Tables(self, "Tables", removal_policy=RemovalPolicy[settings.tables.upper()])
        queues = Queues(
            self, "Queues", visibility=visibility_seconds(settings.worker), dead_letter_visibility=VISIBILITY_SECONDS
        )
        schedules = Schedules(self, "Schedules", queue=queues.jobs)
        api = Api(
            self, "Api", settings=settings, code=assets.api, tables=tables, queue=queues.jobs, schedules=schedules
        )
        Worker(self, "Worker", settings=settings, code=assets.worker, tables=tables, queues=queues)
        DeadLetterReader(self, "DeadLetters", settings=settings, code=assets.api, tables=tables, queues=queues)
        Sweep(self, "Sweep", settings=settings, code=assets.api, tables=tables)
        Metering(self, "Metering", settings=settings, code=assets.api, tables=tables, uncounted=queues.uncounted)
        outputs = {
            "Endpoint": api.endpoint,
            "JobsTable": tables.jobs.table_name,
            "KeysTable": tables.keys.table_name,
            "UsageTable": tables.usage.table_name,
            "QueueUrl": queues.jobs.queue_url,
            "DeadLetterQueueUrl": queues.dead_letters.queue_url,
            "UnprocessedQueueUrl": queues.unprocessed.queue_url,
            "UncountedQueueUrl": queues.uncounted.queue_url,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
