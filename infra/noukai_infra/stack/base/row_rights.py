"""Permissions for some rows of a table, or some attributes."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam


def noting_uses(keys: dynamodb.ITable) -> iam.PolicyStatement:
    """Allow a function to write when a key was last used, and to name nothing else of its row, not even in a condition.

    DynamoDB checks the attributes of every expression: one that a condition may name, an update may write as
    well.
    """
    return iam.PolicyStatement(
        actions=["dynamodb:UpdateItem"],
        resources=[keys.table_arn],
        conditions={"ForAllValues:StringEquals": {"dynamodb:Attributes": ["hash", "used"]}},
    )


def counting_calls(usage: dynamodb.ITable) -> iam.PolicyStatement:
    """Allow a function to count the calls of limited keys, and to change nothing of what is used or may be."""
    return iam.PolicyStatement(
        actions=["dynamodb:UpdateItem"],
        resources=[usage.table_arn],
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#rate/*"]}},
    )


def reading_budgets(usage: dynamodb.ITable) -> iam.PolicyStatement:
    """Allow a function to read what orgs may use, and nothing of what they have."""
    return iam.PolicyStatement(
        actions=["dynamodb:GetItem"],
        resources=[usage.table_arn],
        conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["#budget"]}},
    )
