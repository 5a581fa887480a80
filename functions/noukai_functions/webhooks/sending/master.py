"""The secrets of endpoints, which all derive from one master secret: none is stored."""

import base64
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from noukai_functions.aws import AwsError
from noukai_functions.webhooks.store.endpoint import Endpoint
from noukai_wire.webhook_signature import secret_of

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_BYTES = 32


@dataclass(slots=True)
class Master:
    """The master secret: an encrypted parameter, made when it is first needed.

    `made_with` has what it is made with beside its value: a key of the company's own, and tags.
    """

    client: "SSMClient"
    name: str
    made_with: Mapping[str, Any] = field(default_factory=dict)
    _key: bytes | None = field(default=None, repr=False)

    def secret(self, endpoint: Endpoint, version: int) -> str:
        """Return a version of an endpoint's secret, for those who show or use it."""
        text = f"{endpoint.deliveries}#{version}"
        return secret_of(hmac.digest(self._known(), text.encode(), "sha256"))

    def create(self) -> None:
        """Make the master secret, unless there is one: it is never overwritten."""
        try:
            self._known()
        except AwsError as error:
            if error.code != "ParameterNotFound":
                raise
            self._put()

    def _put(self) -> None:
        value = base64.b64encode(secrets.token_bytes(_BYTES)).decode()
        named = {"Name": self.name, "Type": "SecureString", "Overwrite": False, **self.made_with}
        try:
            self.client.put_parameter(Value=value, **named)
        except AwsError as error:
            # Another process has made it at the same time.
            if error.code != "ParameterAlreadyExists":
                raise

    def _known(self) -> bytes:
        if self._key is None:
            answer = self.client.get_parameter(Name=self.name, WithDecryption=True)
            self._key = base64.b64decode(answer["Parameter"]["Value"])
        return self._key
