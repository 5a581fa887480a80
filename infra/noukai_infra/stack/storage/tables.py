"""The tables of jobs, API keys and usage."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from noukai_functions.names import (
    EXPIRES_AT,
    INDEX,
    INDEX_ORDER,
    INDEX_PARTITION,
    JOB_ID,
    KEY_HASH,
    USAGE_KEY,
    USAGE_ORG,
)


class Tables(Construct):
    """The tables of jobs, by `id`, of keys, by their SHA-256 `hash`, and of usage, by org `o` and key `k`.

    DynamoDB deletes expired jobs, and encrypts all tables at rest. The jobs table has a stream of all
    changes. Tables that outlive the stack are also protected from deletion.
    """

    def __init__(self, scope: Construct, name: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, name)
        protected = removal_policy is not RemovalPolicy.DESTROY
        self.jobs = dynamodb.Table(
            self,
            "Jobs",
            partition_key=_string_attribute(JOB_ID),
            time_to_live_attribute=EXPIRES_AT,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=_RECOVERY,
            removal_policy=removal_policy,
            deletion_protection=protected,
        )
        self.jobs.add_global_secondary_index(
            index_name=INDEX,
            partition_key=_string_attribute(INDEX_PARTITION),
            sort_key=_string_attribute(INDEX_ORDER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
        self.keys = dynamodb.Table(
            self,
            "Keys",
            partition_key=_string_attribute(KEY_HASH),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=_RECOVERY,
            removal_policy=removal_policy,
            deletion_protection=protected,
        )
        self.usage = dynamodb.Table(
            self,
            "Usage",
            partition_key=_string_attribute(USAGE_ORG),
            sort_key=_string_attribute(USAGE_KEY),
            time_to_live_attribute=EXPIRES_AT,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=_RECOVERY,
            removal_policy=removal_policy,
            deletion_protection=protected,
        )

    def allow_jobs(self, function: lambda_.Function, *actions: str, lists: bool = False) -> None:
        """Allow a function these actions on jobs, and on their index only if it `lists` them."""
        # A grant by the table construct would include its indexes.
        rows = iam.PolicyStatement(actions=list(actions), resources=[self.jobs.table_arn])
        function.add_to_role_policy(rows)
        if lists:
            index = f"{self.jobs.table_arn}/index/{INDEX}"
            function.add_to_role_policy(iam.PolicyStatement(actions=["dynamodb:Query"], resources=[index]))


_RECOVERY = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _string_attribute(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
