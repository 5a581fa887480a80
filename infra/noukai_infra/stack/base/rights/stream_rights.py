"""The rights of a reader of the stream of a table."""

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam

from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_infra.stack.base.function import JobFunction


def read_stream(function: JobFunction, table: dynamodb.ITable) -> None:
    """Allow a function to read the stream of a table."""
    reading = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
    function.add_to_role_policy(
        iam.PolicyStatement(actions=reading, resources=[table.table_stream_arn or ""])
    )
    # IAM allows listing only for all streams of the table.
    listing = iam.PolicyStatement(actions=["dynamodb:ListStreams"], resources=[f"{table.table_arn}/stream/*"])
    function.add_to_role_policy(listing)
    scope = function.node.scope
    assert scope is not None  # noqa: S101 - a function has a construct around it
    streams = f"<{Stack.of(function).resolve(table.table_arn)['Fn::GetAtt'][0]}.Arn>/stream/*"
    acknowledge(scope, f"IAM5[Resource::{streams}]", "IAM allows listing only for all streams of a table")
