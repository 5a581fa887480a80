"""The permissions for some rows or attributes of a table."""

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam


def noting_uses(keys: dynamodb.ITable) -> iam.PolicyStatement:
    """Allow a function to write when a key was last used, and no other attribute of its row.

    DynamoDB checks the attributes of all expressions together: an attribute allowed in a condition could also
    be written by the update.
    """
    return iam.PolicyStatement(
        actions=["dynamodb:UpdateItem"],
        resources=[keys.table_arn],
        conditions={"ForAllValues:StringEquals": {"dynamodb:Attributes": ["hash", "used"]}},
    )


def counting_calls(usage: dynamodb.ITable) -> iam.PolicyStatement:
    """Allow a function to count the calls of rate-limited keys, but not to change usage or budgets."""
    return iam.PolicyStatement(
        actions=["dynamodb:UpdateItem"],
        resources=[usage.table_arn],
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["#rate/*"]}},
    )


def reading_budgets(usage: dynamodb.ITable) -> iam.PolicyStatement:
    """Allow a function to read the budgets of orgs, but not their usage."""
    return iam.PolicyStatement(
        actions=["dynamodb:GetItem"],
        resources=[usage.table_arn],
        conditions={"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["#budget"]}},
    )
