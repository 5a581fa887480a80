"""The secrets that sign browser tokens: versions of one encrypted parameter, the latest two in use."""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from noukai_functions.aws import AwsError
from noukai_functions.clock import Clock

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

_BYTES = 32
_CACHE_MS = 5 * 60_000
"""How long the latest version is cached: so long after a second rotation older tokens may still work."""

_LEAST_MS = 10_000
"""The least time between two reads, however many tokens name a version that is not known yet."""


@dataclass(slots=True)
class TokenSecrets:
    """The secrets by their versions, read when the first token comes.

    `made_with` has what the parameter is made with beside its value: a key of the company's own, and tags.
    """

    client: "SSMClient"
    name: str
    clock: Clock
    made_with: Mapping[str, Any] = field(default_factory=dict)
    _known: dict[int, bytes] = field(default_factory=dict, repr=False)
    _read_at: int | None = None

    @classmethod
    def of(cls, client: "SSMClient", environment: Mapping[str, str], clock: Clock) -> Self:
        """Return the secrets that a function's environment names."""
        made_with = json.loads(environment.get("TOKENS_SECRET_WITH", "{}"))
        return cls(client, environment["TOKENS_SECRET"], clock, made_with)

    def newest(self) -> tuple[int, bytes]:
        """Return the latest version and its secret, which is made when it is first needed."""
        try:
            self._refresh(_CACHE_MS)
        except AwsError as error:
            if error.code != "ParameterNotFound":
                raise
            self._create()
            self._refresh(0)
        latest = max(self._known)
        return latest, self._known[latest]

    def of_version(self, version: int) -> bytes | None:
        """Return the secret of a version; None if it is neither the latest nor the one before."""
        try:
            self._refresh(_CACHE_MS)
            if version > max(self._known):
                self._refresh(_LEAST_MS)
            latest = max(self._known)
            if version == latest - 1 and version > 0 and version not in self._known:
                self._read(f"{self.name}:{version}")
        except AwsError as error:
            if error.code not in ("ParameterNotFound", "ParameterVersionNotFound"):
                raise
            return None
        return self._known.get(version) if version in (latest, latest - 1) else None

    def _refresh(self, after: int) -> None:
        now = self.clock.now()
        if self._read_at is None or now >= self._read_at + after:
            self._read(self.name)
            self._read_at = now

    def _read(self, name: str) -> None:
        parameter = self.client.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        self._known[parameter["Version"]] = base64.b64decode(parameter["Value"])

    def _create(self) -> None:
        value = base64.b64encode(secrets.token_bytes(_BYTES)).decode()
        named = {"Name": self.name, "Type": "SecureString", "Overwrite": False, **self.made_with}
        try:
            self.client.put_parameter(Value=value, **named)
        except AwsError as error:
            # Another process has made it at the same time.
            if error.code != "ParameterAlreadyExists":
                raise
