"""The tick: a function that looks each minute for what is due."""

from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_infra.settings import Settings
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.base.rights.row_rights import reading_budgets
from noukai_infra.stack.queues import JobQueues
from noukai_infra.stack.storage.tables import Tables

_TIMEOUT = 120
"""In seconds. Two ticks at once do nothing twice."""


class Tick(Construct):
    """The function of the tick, and the rule that invokes it at each minute.

    It submits the jobs of schedules with the rights of their orgs: their keys and budgets are read.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        settings: Settings,
        code: lambda_.Code,
        tables: Tables,
        queues: JobQueues,
    ) -> None:
        super().__init__(scope, name)
        self.function = JobFunction(
            self,
            "Function",
            entry="tick",
            code=code,
            settings=settings,
            memory=settings.memory,
            timeout=_TIMEOUT,
            environment={
                "JOBS_TABLE": tables.jobs.table_name,
                "KEYS_TABLE": tables.keys.table_name,
                "USAGE_TABLE": tables.usage.table_name,
                **queues.environment,
                **({"SCHEDULE_ORG": settings.schedule_org} if settings.schedule_org else {}),
            },
        )
        tables.allow_jobs(self.function, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem")
        tables.spread_jobs(self.function)
        tables.allow_schedules(self.function, finds_due=True)
        tables.keys.grant(self.function, "dynamodb:GetItem", "dynamodb:Scan")
        self.function.add_to_role_policy(reading_budgets(tables.usage))
        queues.let_send(self.function)
        # No retries, since the next tick finds what a failed one has left.
        target = targets.LambdaFunction(self.function.live, retry_attempts=0)
        minutely = events.Schedule.cron(minute="*")
        events.Rule(self, "Minutely", schedule=minutely, targets=[target])
