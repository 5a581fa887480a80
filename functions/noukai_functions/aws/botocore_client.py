"""The clients of botocore without boto3: for S3, Scheduler, and all services with unusual settings."""

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
    # botocore's own says more of this machine, and is put together anew for each call: a tenth of the call's
    # CPU.
    user_agent="noukai",
)

_OF_OBJECTS = Config(
    # URLs that are given away say what is sent to them, which older signatures cannot, and name the bucket's
    # region: elsewhere a bucket that was just made is not known yet.
    signature_version="s3v4",
    s3={"addressing_style": "virtual"},
    # 100 MB are stored in some seconds.
    read_timeout=10,
)


class BotocoreClient:
    """A client of botocore's whose methods raise `AwsError`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @classmethod
    def of(cls, service: str) -> "BotocoreClient":
        """Make a client of the function's own account and region."""
        session = botocore_session()
        _let_handle(session, service)
        verify = trusted(session.get_config_variable("region"), stated=session.get_config_variable("ca_bundle"))
        config = _CONFIG.merge(_OF_OBJECTS) if service == "s3" else _CONFIG
        return cls(session.create_client(service, config=config, verify=verify))

    def __getattr__(self, name: str) -> Any:
        """Return what botocore's client has by that name."""
        found = getattr(self._client, name)
        return as_aws_error(name)(found) if isinstance(found, Callable) else found  # type: ignore[arg-type]


@cache
def botocore_session() -> Session:
    """Make a session without botocore's handlers for single services: registering them slows cold starts."""
    session = Session(include_builtin_handlers=False)
    _let_handle(session)
    return session


@cache
def _let_handle(session: Session, *service: str) -> None:
    """Register botocore's handlers of a service, or those of all."""
    for event, handler, *_ in BUILTIN_HANDLERS:
        if event.split(".")[1:2] == list(service):
            session.register(event, handler)
