"""The stack, composed of its constructs."""

from collections.abc import Mapping, Sequence
from functools import partial

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_functions.names import DEFAULT_KIND
from noukai_infra.company.rules import apply_rules, synthesizer_for
from noukai_infra.settings import Settings, WorkerKind
from noukai_infra.stack.alarms.construct import Alarms
from noukai_infra.stack.alarms.dashboard import Dashboard
from noukai_infra.stack.alarms.definitions import Watched
from noukai_infra.stack.api.construct import Api
from noukai_infra.stack.api.health import report_health
from noukai_infra.stack.api.shifting import Shifting
from noukai_infra.stack.base.aliases import FINGERPRINTS, flows_description
from noukai_infra.stack.base.assets import Assets
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.network import Endpoints
from noukai_infra.stack.base.worker_kinds import canary_output, in_a_resource, kind_named, output_of
from noukai_infra.stack.dead_letters import VISIBILITY_SECONDS, DeadLetterReader
from noukai_infra.stack.delayed_messages import DelayedMessages
from noukai_infra.stack.metering import Metering
from noukai_infra.stack.periodic.sweep import Sweep
from noukai_infra.stack.periodic.tick import Tick
from noukai_infra.stack.queues import JobQueues, Queues
from noukai_infra.stack.storage.payloads import Payloads
from noukai_infra.stack.storage.tables import Tables
from noukai_infra.stack.webhooks.delivering import Delivering
from noukai_infra.stack.webhooks.reactions import Reactions
from noukai_infra.stack.webhooks.readers import let_enable
from noukai_infra.stack.webhooks.storage import WebhookStorage
from noukai_infra.stack.worker import Worker


class JobStack(Stack):
    """The whole system in one stack, for any account and region.

    Its outputs are for the operator: `Endpoint`, `JobsTable`, `KeysTable`, `UsageTable`, `SchedulesTable`,
    `PayloadsBucket`, `UncountedBucket`, `AuditLogGroup`, `MeteringFunction`, `QueueUrl`,
    `DeadLetterQueueUrl`, `UnprocessedQueueUrl`, those of webhooks, and the queues of worker kinds.
    """

    def __init__(self, scope: Construct, *, settings: Settings, assets: Assets) -> None:
        super().__init__(scope, settings.stack, synthesizer=synthesizer_for(settings.company))
        policy = RemovalPolicy[settings.tables.upper()]
        tables = Tables(self, "Tables", removal_policy=policy, scale=settings.scale)
        # Without bundling there is no catalog, for instance when the stack is destroyed.
        asked = assets.kinds() if self.bundling_required else []
        kinds = {name: kind_named(name, settings) for name in sorted({*asked, *settings.draining})}
        queued = partial(Queues, self, "Queues", worker=settings.worker, kinds=kinds)
        only = assets.changed_flows(settings.stable_flows) if settings.stable_flows else ()
        queued = partial(queued, has_canary=settings.canary is not None, only_in_canary=only)
        queues = queued(dead_letter_visibility=VISIBILITY_SECONDS, kept=settings.least_queues)
        payloads = Payloads(self, "Payloads", removal_policy=policy, cors=settings.cors)
        webhooks = WebhookStorage(self, "Webhooks", settings=settings)
        # A scheduled job may wait for longer than flows ask for its worker kind.
        delayed_messages = DelayedMessages(self, "Schedules", queues=queues.jobs)
        made = partial(Api, self, "Api", settings=settings, code=assets.api, tables=tables, payloads=payloads)
        made = partial(made, authorizer_code=assets.identity() if settings.identity else None)
        api = made(queues=queues.jobs.only(asked), delayed_messages=delayed_messages, webhooks=webhooks)
        worker = partial(Worker, self, settings=settings, tables=tables, payloads=payloads)
        code_of = partial(assets.worker, settings=settings, is_bundled=self.bundling_required)
        _add_workers(worker, code_of, settings.worker, kinds, queues.jobs)
        code = assets.api
        DeadLetterReader(self, "DeadLetters", settings=settings, code=code, tables=tables, queues=queues)
        metering = Metering(self, "Metering", settings=settings, code=code, tables=tables)
        sweep = partial(Sweep, self, "Sweep", settings=settings, code=code, tables=tables, queues=queues)
        sweep(uncounted=metering.uncounted, further=webhooks.dead)
        tick = Tick(self, "Tick", settings=settings, code=code, tables=tables, queues=queues.jobs.only(asked))
        reactions = partial(Reactions, self, "Reactions", settings=settings, code=code, tables=tables)
        told = reactions(payloads=payloads, storage=webhooks)
        delivering = partial(Delivering, self, "Delivering", settings=settings, code=code, storage=webhooks)
        reader = delivering(tick=tick.function).reader
        let_enable([api.functions["webhook_secrets"], tick.function], [reader, *told.resting])
        report_health(api.functions["usage"], queues, webhooks.dead)
        self._watch(settings, Watched(queues.jobs, metering.function, api.api_id))
        if self.bundling_required:
            self._name_flows(assets, has_canary=settings.canary is not None)
        self._export({**api.outputs, "PayloadsBucket": payloads.bucket_name, **metering.outputs})
        self._export({**webhooks.outputs, **told.outputs, **_outputs(tables, queues, asked)})
        self._finish(settings, api)

    def _finish(self, settings: Settings, api: Api) -> None:
        if settings.api_canary:
            Shifting(self, "Shifting", stack=settings.stack, api_id=api.api_id, functions=api.functions)
        if settings.found_networks.endpoints:
            Endpoints(self, "Endpoints", settings=settings)
        apply_rules(self, settings)

    def _watch(self, settings: Settings, watched: Watched) -> None:
        if settings.alarms:
            Alarms(self, "Alarms", settings=settings, watched=watched)
        if settings.dashboard:
            Dashboard(self, "Dashboard", settings=settings, watched=watched)

    def _export(self, outputs: Mapping[str, str]) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)

    def _name_flows(self, assets: Assets, *, has_canary: bool) -> None:
        """Set the template's flows, and the description of each function to their version, for the alias."""
        self.template_options.metadata = assets.flow_names().metadata
        if has_canary:
            self.template_options.metadata |= {FINGERPRINTS: assets.fingerprints()}
        description = flows_description(assets.version())
        for construct in self.node.find_all():
            if isinstance(construct, JobFunction):
                construct.describe(description)


def _add_workers(
    worker: partial[Worker],
    code_of: partial[lambda_.Code],
    default: WorkerKind,
    kinds: Mapping[str, WorkerKind],
    queues: JobQueues,
) -> None:
    """Add the default worker, and one for each worker kind."""
    canary = queues.canaries.get
    made = partial(worker, "Worker", kind_name=None, kind=default, code=code_of(default.image))
    made(queues=queues.of(DEFAULT_KIND), canary=canary(DEFAULT_KIND))
    for name, kind in kinds.items():
        named = partial(worker, f"Worker{in_a_resource(name)}", kind_name=name, kind=kind)
        named(queues=queues.of(name), canary=canary(name), code=code_of(kind.image))


def _outputs(tables: Tables, queues: Queues, asked: Sequence[str]) -> dict[str, str]:
    of_kinds = queues.jobs.of_kinds.items()
    return {
        "JobsTable": tables.jobs.table_name,
        "KeysTable": tables.keys.table_name,
        "UsageTable": tables.usage.table_name,
        "SchedulesTable": tables.schedules.table_name,
        "QueueUrl": queues.jobs.default.queue_url,
        "DeadLetterQueueUrl": queues.dead_letters.queue_url,
        "UnprocessedQueueUrl": queues.unprocessed.queue_url,
        **{canary_output(name): queue.queue_url for name, queue in queues.jobs.canaries.items()},
        **{output_of(name, is_draining=name not in asked): queue.queue_url for name, queue in of_kinds},
        **queues.jobs.outputs,
    }
