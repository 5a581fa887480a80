"""The origin secret, with which CloudFront shows the functions that a request came through it."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import boto3

_BYTES = 32


@dataclass(frozen=True)
class OriginSecret:
    """The secret that CloudFront sends, and the one before, which the functions accept until the next deploy.

    It is kept encrypted in Parameter Store. The functions know its SHA-256 only: it has 256 random bits, so
    the digest tells nothing, and a cold start reads nothing.
    """

    current: str
    before: str | None = None

    @classmethod
    def of(cls, session: "boto3.Session", stack: str, *, renew: bool) -> Self:
        """Return the kept secret, or a new one, which is not kept yet."""
        ssm = session.client("ssm")
        kept = None
        with suppress(ssm.exceptions.ParameterNotFound):
            kept = ssm.get_parameter(Name=_name(stack), WithDecryption=True)["Parameter"]["Value"]
        if kept is None or renew:
            return cls(secrets.token_urlsafe(_BYTES), kept)
        return cls(kept)

    @property
    def digests(self) -> list[str]:
        """Return the SHA-256 of each secret that the functions accept."""
        return [sha256(each.encode()).hexdigest() for each in (self.current, self.before) if each]

    def keep(self, session: "boto3.Session", stack: str) -> None:
        """Keep the current secret, once CloudFront sends it."""
        session.client("ssm").put_parameter(
            Name=_name(stack), Value=self.current, Type="SecureString", Overwrite=True
        )


def forget_origin_secret(session: "boto3.Session", stack: str) -> None:
    """Delete the secret of a stack, if it has one."""
    ssm = session.client("ssm")
    with suppress(ssm.exceptions.ParameterNotFound):
        ssm.delete_parameter(Name=_name(stack))


def _name(stack: str) -> str:
    return f"/noukai/{stack}/origin"
