"""Clients of AWS: botocore's, without boto3 on top."""

import gc
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

# Before botocore: what a start loads stays, and looking through it for garbage every 700 objects finds nothing. Later a
# request leaves a hundred or so, so that garbage is looked for every few hundred requests.
gc.set_threshold(50_000)

from botocore.config import Config  # noqa: E402 - as said
from botocore.handlers import BUILTIN_HANDLERS  # noqa: E402
from botocore.session import Session  # noqa: E402

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient


@overload
def client(service: Literal["dynamodb"]) -> "DynamoDBClient": ...
@overload
def client(service: Literal["s3"]) -> "S3Client": ...
@overload
def client(service: Literal["scheduler"]) -> "EventBridgeSchedulerClient": ...
@overload
def client(service: Literal["sqs"]) -> "SQSClient": ...
def client(service: str) -> Any:
    """Make a client of the function's own account and region.

    A call is tried three times within ten seconds or so: what fails then is answered with a 503, well before the
    gateway's 30 seconds are over.
    """
    session = _session()
    _let_handle(session, service)
    verify = trusted(session.get_config_variable("region"), stated=session.get_config_variable("ca_bundle"))
    config = _CONFIG.merge(_OF_OBJECTS) if service == "s3" else _CONFIG
    return session.create_client(service, config=config, verify=verify)


AUTHORITIES = Path(__file__).resolve().parent.parent / "authorities.pem"
"""Amazon's own certificate authorities, in an asset. Every new connection reads them, and all 120 take 30 ms of CPU."""

_PUBLIC_REGION = re.compile(r"(?!cn-)[a-z]{2}-[a-z]+-\d+")
"""China and the sovereign and isolated clouds have other names, and may have other authorities."""

_CONFIG = Config(
    connect_timeout=1,
    read_timeout=3,
    retries={"mode": "standard", "total_max_attempts": 3},
    tcp_keepalive=True,
    # botocore's own says more of this machine, and is put together anew for each call: a tenth of the call's CPU.
    user_agent="noukai",
)

_OF_OBJECTS = Config(
    # URLs that are given away say what is sent to them, which older signatures cannot, and name the bucket's region:
    # elsewhere a bucket that was just made is not known yet.
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},
    # 100 MB are stored in some seconds.
    read_timeout=10,
)


def trusted(region: str | None, *, stated: str | None) -> str | None:
    """Say whose certificates to believe: the stated file's, or Amazon's alone, or (None) all that botocore does."""
    if stated is None and _PUBLIC_REGION.fullmatch(region or "") and AUTHORITIES.is_file():
        return str(AUTHORITIES)
    return stated


@cache
def _session() -> Session:
    """Make a session without botocore's handlers for single services: to register the hundred is felt at a start."""
    session = Session(include_builtin_handlers=False)
    _let_handle(session)
    return session


@cache
def _let_handle(session: Session, *service: str) -> None:
    """Register botocore's handlers of a service, or those of all."""
    for event, handler, *_ in BUILTIN_HANDLERS:
        if event.split(".")[1:2] == list(service):
            session.register(event, handler)
