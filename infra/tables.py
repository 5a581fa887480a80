"""The two tables: the jobs, and the keys of their callers."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from infra.settings import EXPIRY_ATTRIBUTE


class Tables(Construct):
    """The jobs by `id`, which DynamoDB deletes once they have expired, and the keys by the SHA-256 `hash` of each.

    Both are encrypted at rest by DynamoDB itself. What outlives the stack nobody deletes by mistake either.
    """

    def __init__(self, scope: Construct, name: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, name)
        protected = removal_policy is not RemovalPolicy.DESTROY
        self.jobs = dynamodb.Table(
            self,
            "Jobs",
            partition_key=_string_attribute("id"),
            time_to_live_attribute=EXPIRY_ATTRIBUTE,
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=_RECOVERY,
            removal_policy=removal_policy,
            deletion_protection=protected,
        )
        self.keys = dynamodb.Table(
            self,
            "Keys",
            partition_key=_string_attribute("hash"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=_RECOVERY,
            removal_policy=removal_policy,
            deletion_protection=protected,
        )


_RECOVERY = dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True)


def _string_attribute(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
