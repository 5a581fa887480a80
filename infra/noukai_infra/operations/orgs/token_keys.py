"""The keys that sign browser tokens, for operators."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

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
        value = write_keys(rotated(keys, now_ms, revoke=revoke))
        self.client.put_parameter(
            Name=self.name, Value=value, Type="SecureString", Overwrite=True, **self._encryption()
        )

    def _encryption(self) -> dict[str, str]:
        """Return the key that encrypts the parameter: overwriting it would choose the account's own."""
        of_name = {"Key": "Name", "Values": [self.name]}
        found = self.client.describe_parameters(ParameterFilters=[of_name])["Parameters"]
        return {"KeyId": found[0]["KeyId"]} if found and "KeyId" in found[0] else {}
