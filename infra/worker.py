"""The worker: it runs the flows."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.function import JobFunction
from infra.queues import Queues
from infra.reader import read_queue
from infra.settings import Settings, SettingsError, WorkerProfile
from infra.tables import Tables


class Worker(Construct):
    """The function that claims the queue's jobs and runs their flows, as its profile says.

    The deployment's `environment` and `policies` reach this function and no other.

    Raises:
        SettingsError: `environment` sets a name that the worker itself needs.
    """

    def __init__(
        self, scope: Construct, name: str, *, settings: Settings, code: lambda_.Code, tables: Tables, queues: Queues
    ) -> None:
        super().__init__(scope, name)
        profile = settings.worker
        own = {
            "JOBS_TABLE": tables.jobs.table_name,
            "QUEUE_URL": queues.jobs.queue_url,
            "LEASE_SECONDS": str(profile.lease_seconds),
            "GRACE_SECONDS": str(profile.grace_seconds),
        }
        if taken := sorted(own.keys() & settings.environment.keys()):
            raise SettingsError(f"environment: must not set {', '.join(taken)}, which the worker needs itself")
        function = JobFunction(
            self,
            "Function",
            entry="worker",
            code=code,
            settings=settings,
            memory=profile.memory,
            timeout=profile.timeout,
            environment={**settings.environment, **own},
        )
        for policy in settings.policies:
            function.add_to_role_policy(iam.PolicyStatement.from_json(policy))
        read_queue(
            function,
            queues.jobs,
            tables,
            batch_size=profile.batch_size,
            batch_window=profile.batch_window,
            max_concurrency=profile.max_concurrency,
        )


def visibility_seconds(profile: WorkerProfile) -> int:
    """Say how long a delivery of the worker's queue is invisible: Lambda requires at least the function's timeout."""
    return profile.timeout
