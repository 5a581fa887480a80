"""Clients of AWS: botocore's, without boto3 on top."""

from functools import cache
from typing import TYPE_CHECKING, Any, Literal, overload

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient


@overload
def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(service: Literal["sqs"]) -> "SQSClient": ...
def client(service: str) -> Any:
    """Make a client of the function's own account and region.

    A call is tried three times within ten seconds or so: what fails then is answered with a 503, well before the
    gateway's 30 seconds are over.
    """
    return _session().create_client(service, config=_CONFIG)


_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
)


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()
