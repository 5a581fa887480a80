"""An update of a row under a condition."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_REFUSED = "ConditionalCheckFailedException"


def updated(
    client: "DynamoDBClient",
    table_name: str,
    key: Mapping[str, Any],
    *,
    update: str,
    condition: str,
    values: Mapping[str, Any],
) -> Mapping[str, Any] | None:
    """Update a row; return it as it is then, or None if the condition fails."""
    try:
        answer = client.update_item(
            TableName=table_name,
            Key=key,
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
        )
    except AwsError as error:
        refused(error)
        return None
    return answer["Attributes"]


def refused(error: AwsError) -> bool:
    """Return False for a refused condition; raise any other error."""
    if error.code != _REFUSED:
        raise error
    return False
