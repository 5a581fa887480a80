"""The keys that sign browser tokens, for operators."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_wire.signing_keys import read_keys, rotated, write_keys

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient


@dataclass(frozen=True)
class TokenKeys:
    """The encrypted parameter with the keys, which the first token or rotation makes."""

    client: "SSMClient"
    name: str

    def rotate(self, *, now_ms: int, revoke: bool) -> None:
        """Add a new key; keep the one that signs now, unless it is revoked."""
        try:
            answer = self.client.get_parameter(Name=self.name, WithDecryption=True)
            keys = read_keys(answer["Parameter"]["Value"])
        except self.client.exceptions.ParameterNotFound:
            keys = []
        self._write(write_keys(rotated(keys, now_ms, revoke=revoke)))

    def _write(self, value: str) -> None:
        # Overwriting without the key that encrypts the parameter would choose the account's own.
        found = self.client.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": [self.name]}])
        named: dict[str, Any] = {"Name": self.name, "Type": "SecureString", "Overwrite": True}
        if found["Parameters"] and "KeyId" in found["Parameters"][0]:
            named["KeyId"] = found["Parameters"][0]["KeyId"]
        self.client.put_parameter(Value=value, **named)
