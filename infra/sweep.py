"""The sweep: once a day it settles the jobs that nobody runs and nobody asks for."""

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function import JobFunction
from infra.settings import Settings
from infra.tables import Tables

_TIMEOUT = 900
"""A table of a million jobs is read in a few minutes."""


class Sweep(Construct):
    """The function that goes through the jobs table, and its schedule."""

    def __init__(self, scope: Construct, name: str, *, settings: Settings, code: lambda_.Code, tables: Tables) -> None:
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
        tables.allow_jobs(function, "dynamodb:Scan", "dynamodb:UpdateItem")
        daily = events.Schedule.rate(Duration.days(1))
        events.Rule(self, "Daily", schedule=daily, targets=[targets.LambdaFunction(function, retry_attempts=2)])
