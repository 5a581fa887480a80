"""The sweep: a daily pass over all jobs that settles overdue ones; and a check of the queues for alarms."""

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from noukai_functions.names import CHECK_QUEUES, SWEEP_SEGMENT
from noukai_infra.settings import Settings
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.queues import Queues
from noukai_infra.stack.storage.tables import Tables
from noukai_infra.stack.storage.uncounted import Uncounted

_TIMEOUT = 900
_EVERY_MINUTES = 15
"""As long as the function may run, so that the runs over a large table follow each other; other runs end
immediately."""


class Sweep(Construct):
    """The function that sweeps the jobs table, run by run, and its schedule.

    With metrics and alarms it also checks the queues, each minute, and the bucket of uncounted usage.
    `further` are queues that nothing reads, beside that of unprocessed dead-letter messages.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        tables: Tables,
        queues: Queues,
        uncounted: Uncounted,
        further: Sequence[sqs.IQueue],
    ) -> None:
        super().__init__(scope, name)
        function = JobFunction(
            self,
            "Function",
            entry="sweep",
            code=code,
            settings=settings,
            memory=settings.memory,
            timeout=_TIMEOUT,
            environment={"JOBS_TABLE": tables.jobs.table_name},
        )
        tables.allow_jobs(
            function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"
        )
        segments = settings.scale.sweep_segments
        if segments > 1:
            function.add_environment("SWEEP_SEGMENTS", str(segments))
        events.Rule(
            self,
            "Often",
            schedule=events.Schedule.rate(Duration.minutes(_EVERY_MINUTES)),
            targets=[_sweeping(function, segment) for segment in range(segments)],
        )
        if settings.has_metrics and settings.alarms:
            self._check_queues(queues, further, function)
            uncounted.let_count(function)

    def _check_queues(self, queues: Queues, others: Sequence[sqs.IQueue], function: JobFunction) -> None:
        jobs = queues.jobs
        urls: dict[str, str | list[str]] = {}
        for kind, (first, *further) in jobs.named.items():
            more = [each.queue_url for each in further]
            urls[kind] = [first.queue_url, *more] if more else first.queue_url
        function.add_environment("KIND_QUEUES", json.dumps(urls))
        unprocessed = (queues.unprocessed, *others)
        function.add_environment("UNPROCESSED_QUEUE_URLS", ",".join(each.queue_url for each in unprocessed))
        for queue in (*jobs, *unprocessed):
            queue.grant(function, "sqs:GetQueueAttributes")
        event = events.RuleTargetInput.from_object({CHECK_QUEUES: True})
        target = targets.LambdaFunction(function.live, event=event, retry_attempts=0)
        events.Rule(self, "QueueCheck", schedule=events.Schedule.rate(Duration.minutes(1)), targets=[target])


def _sweeping(function: JobFunction, segment: int) -> targets.LambdaFunction:
    """Return the target of a rule that sweeps a segment of the table."""
    # No retries, since the next run continues where a failed one has stopped.
    event = events.RuleTargetInput.from_object({SWEEP_SEGMENT: segment}) if segment else None
    return targets.LambdaFunction(function.live, event=event, retry_attempts=0)
