"""Clients of AWS.

DynamoDB and SQS, which every job uses, are called directly; other services go through botocore. Measured
under Lambda's runtime client, over TLS: importing botocore and making two clients takes 65 ms of CPU at a
cold start, and each call 1.1 ms. A direct call takes 0.3 ms and imports nothing that the runtime has not
already loaded. botocore's own signer and connection pool, used directly, still take 1.1 ms a call and 45 ms
of imports.
"""

import gc
import os
from typing import TYPE_CHECKING, Any, Literal, Protocol, overload

# Objects loaded at startup stay alive, so collecting every 700 allocations would find nothing. A request
# leaves about a hundred, so that this threshold collects every few hundred requests.
gc.set_threshold(50_000)

from noukai_functions.aws.direct_client import DirectClient  # noqa: E402 - see above
from noukai_functions.aws.errors import AwsError, as_aws_error  # noqa: E402
from noukai_functions.aws.paging import queried, read_items, scanned  # noqa: E402
from noukai_functions.aws.settings import settings_of  # noqa: E402

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient

__all__ = [
    "AwsError",
    "Bus",
    "CloudWatch",
    "SecretsManager",
    "as_aws_error",
    "client",
    "connect",
    "disconnect",
    "queried",
    "read_items",
    "scanned",
]


class Bus(Protocol):
    """A client of event buses."""

    def put_events(self, *, Entries: Any) -> Any:  # noqa: N803 - of AWS
        """Put up to ten events on a bus."""


class CloudWatch(Protocol):
    """A client of CloudWatch."""

    def get_metric_data(self, **asked: Any) -> Any:
        """Return a page of the values of metrics."""


class SecretsManager(Protocol):
    """A client of Secrets Manager."""

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - of AWS
        """Return the current value of a secret."""


@overload
def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(service: Literal["s3"]) -> "S3Client": ...
@overload
def client(service: Literal["scheduler"]) -> "EventBridgeSchedulerClient": ...
@overload
def client(service: Literal["sqs"]) -> "SQSClient": ...
@overload
def client(service: Literal["ssm"]) -> "SSMClient": ...
@overload
def client(service: Literal["secretsmanager"]) -> SecretsManager: ...
@overload
def client(service: Literal["events"]) -> "Bus": ...
@overload
def client(service: Literal["cloudwatch"]) -> "CloudWatch": ...
@overload
def client(service: Literal["lambda"]) -> "LambdaClient": ...
def client(service: str) -> Any:
    """Make a client in the function's own account and region.

    It has botocore's methods and raises only `AwsError`. A call is tried three times within about ten
    seconds, so that a failure is answered with 503 well before the gateway's 30 seconds are over.
    """
    settings = settings_of(service, os.environ)
    if settings is not None:
        return DirectClient(settings)
    from noukai_functions.aws.botocore_client import BotocoreClient  # noqa: PLC0415 - most functions need none

    return BotocoreClient.of(service)


def connect(made: object) -> None:
    """Connect a direct client before its first call."""
    if isinstance(made, DirectClient):
        made.open()


def disconnect(made: object) -> None:
    """Close the connection of a direct client; its next call opens another."""
    if isinstance(made, DirectClient):
        made.close()
