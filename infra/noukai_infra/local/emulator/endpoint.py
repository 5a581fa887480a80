"""The emulator's endpoint and its root clients."""

import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT = "000000000000"
ROOT_USER = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The credentials of the root user, valid only at an emulator."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The URL of an emulator, and its authority as a PEM file."""

    url: str
    authority: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment for AWS programs, such as the AWS CLI, as the root user."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CA_BUNDLE": str(self.authority),
            "AWS_REGION": REGION,
            **ROOT_USER,
        }

    def client(self, service: str, *credentials: str) -> Any:
        """Make a client, by default for the root user.

        It makes one attempt, for S3 two, and ignores the proxies of the environment.
        """
        return _session().client(  # type: ignore[call-overload]
            service,
            REGION,
            None,
            True,
            str(self.authority),
            self.url,
            *(credentials or ROOT_USER.values()),
            config=_CONFIG.merge(_OF_OBJECTS) if service == "s3" else _CONFIG,
        )

    def trust(self) -> ssl.SSLContext:
        """Return the TLS context for other connections."""
        return ssl.create_default_context(cafile=str(self.authority))


@cache
def _session() -> boto3.Session:
    """Return the shared session, which parses service descriptions once."""
    return boto3.Session()


_CONFIG = Config(proxies={}, retries={"total_max_attempts": 1})
_OF_OBJECTS = Config(
    signature_version="s3v4",
    s3={"addressing_style": "path"},
    # The emulator closes idle connections after some seconds, which a client notices only at its next
    # request.
    retries={"total_max_attempts": 2},
)
