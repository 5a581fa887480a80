"""The tables of jobs, API keys, usage and schedules."""

from typing import Any

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_functions.names import (
    DUE_AT,
    DUE_GROUP,
    DUE_INDEX,
    EXPIRES_AT,
    INDEX,
    INDEX_ORDER,
    INDEX_PARTITION,
    INDEX_PARTITIONS,
    JOB_ID,
    KEY_HASH,
    SCHEDULE_NAME,
    SCHEDULE_ORG,
    USAGE_KEY,
    USAGE_ORG,
)
from noukai_infra.settings import Scale


class Tables(Construct):
    """The tables of jobs, by `id`, of keys, by their SHA-256 `hash`, of usage and of schedules, by org.

    DynamoDB deletes expired jobs, and encrypts all tables at rest. The jobs table has a stream of all
    changes. Tables that outlive the stack are also protected from deletion.
    """

    def __init__(self, scope: Construct, name: str, *, removal_policy: RemovalPolicy, scale: Scale) -> None:
        super().__init__(scope, name)
        self._removal_policy = removal_policy
        self._scale = scale
        self.jobs = self._table(
            "Jobs",
            JOB_ID,
            time_to_live_attribute=EXPIRES_AT,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            warm_throughput=_warm(scale.table_reads, scale.table_writes),
        )
        self.jobs.add_global_secondary_index(
            index_name=INDEX,
            partition_key=_string_attribute(INDEX_PARTITION),
            sort_key=_string_attribute(INDEX_ORDER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
            warm_throughput=_warm(None, scale.index_writes),
        )
        self.keys = self._table("Keys", KEY_HASH)
        self.usage = self._table("Usage", USAGE_ORG, USAGE_KEY, time_to_live_attribute=EXPIRES_AT)
        self.schedules = self._table("Schedules", SCHEDULE_ORG, SCHEDULE_NAME)
        self.schedules.add_global_secondary_index(
            index_name=DUE_INDEX,
            partition_key=_string_attribute(DUE_GROUP),
            sort_key=dynamodb.Attribute(name=DUE_AT, type=dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )

    def _table(self, name: str, partition: str, order: str | None = None, **more: Any) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            name,
            partition_key=_string_attribute(partition),
            sort_key=None if order is None else _string_attribute(order),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=_RECOVERY,
            removal_policy=self._removal_policy,
            deletion_protection=self._removal_policy is not RemovalPolicy.DESTROY,
            **more,
        )

    def allow_jobs(self, function: lambda_.Function, *actions: str, lists: bool = False) -> None:
        """Allow a function these actions on jobs, and on their index only if it `lists` them."""
        # A grant by the table construct would include its indexes.
        rows = iam.PolicyStatement(actions=list(actions), resources=[self.jobs.table_arn])
        function.add_to_role_policy(rows)
        if lists:
            index = f"{self.jobs.table_arn}/index/{INDEX}"
            function.add_to_role_policy(iam.PolicyStatement(actions=["dynamodb:Query"], resources=[index]))
            if self._scale.listed_partitions != INDEX_PARTITIONS:
                function.add_environment("LISTED_PARTITIONS", str(self._scale.listed_partitions))

    def spread_jobs(self, function: lambda_.Function) -> None:
        """Tell a function that makes jobs over how many partitions of the index to spread them."""
        if self._scale.index_partitions != INDEX_PARTITIONS:
            function.add_environment("INDEX_PARTITIONS", str(self._scale.index_partitions))

    def allow_schedules(self, function: lambda_.Function, *, finds_due: bool = False) -> None:
        """Allow a function to read and change schedules, and to find those that are due."""
        function.add_environment("SCHEDULES_TABLE", self.schedules.table_name)
        actions = ["DeleteItem", "GetItem", "PutItem", "Query"]
        arn = self.schedules.table_arn
        rows = iam.PolicyStatement(actions=[f"dynamodb:{each}" for each in actions], resources=[arn])
        function.add_to_role_policy(rows)
        if finds_due:
            index = f"{arn}/index/{DUE_INDEX}"
            function.add_to_role_policy(iam.PolicyStatement(actions=["dynamodb:Query"], resources=[index]))


_RECOVERY = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _warm(reads: int | None, writes: int | None) -> dynamodb.WarmThroughput | None:
    """Return what a table or an index must be ready for; None leaves it to DynamoDB."""
    if reads is None and writes is None:
        return None
    return dynamodb.WarmThroughput(read_units_per_second=reads, write_units_per_second=writes)


def _string_attribute(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
