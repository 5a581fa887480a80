"""The clients of botocore, without boto3: for S3, Scheduler, and all services with unusual settings."""

from collections.abc import Callable
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.handlers import BUILTIN_HANDLERS
from botocore.session import Session

from noukai_functions.aws.connection import CONNECT_SECONDS, READ_SECONDS
from noukai_functions.aws.errors import as_aws_error
from noukai_functions.aws.retries import MOST_TRIES
from noukai_functions.aws.settings import trusted

_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": MOST_TRIES},
    tcp_keepalive=True,
    # botocore builds its own, longer user agent anew for each call, which takes a tenth of the call's CPU.
    user_agent="noukai",
)

_OF_OBJECTS = Config(
    # Presigned URLs must fix the content's headers, which takes Signature Version 4, and name the bucket's
    # region, because a new bucket is not known elsewhere yet.
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},
    # Storing 100 MB takes some seconds.
    read_timeout=10,
)


class BotocoreClient:
    """A botocore client whose methods raise `AwsError`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def of(cls, service: str) -> "BotocoreClient":
        """Make a client in the function's own account and region."""
        session = botocore_session()
        _let_handle(session, service)
        verify = trusted(
            session.get_config_variable("region"), stated=session.get_config_variable("ca_bundle")
        )
        config = _CONFIG.merge(_OF_OBJECTS) if service == "s3" else _CONFIG
        return cls(session.create_client(service, config=config, verify=verify))

    def __getattr__(self, name: str) -> Any:
        """Return the attribute of botocore's client; wrap methods to raise `AwsError`."""
        found = getattr(self._client, name)
        return as_aws_error(name)(found) if isinstance(found, Callable) else found  # type: ignore[arg-type]


@cache
def botocore_session() -> Session:
    """Make a session without the handlers of single services, whose registration slows cold starts."""
    session = Session(include_builtin_handlers=False)
    _let_handle(session)
    return session


@cache
def _let_handle(session: Session, *service: str) -> None:
    """Register botocore's handlers for a service, or those for all services."""
    for event, handler, *_ in BUILTIN_HANDLERS:
        if event.split(".")[1:2] == list(service):
            session.register(event, handler)
