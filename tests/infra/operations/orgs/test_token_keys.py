"""The rotation of the keys that sign browser tokens, on moto."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from noukai_infra.operations.orgs.token_keys import TokenKeys
from noukai_wire.signing_keys import SigningKey, read_keys

NOW = 1_700_000_000_000
HOUR = 3_600_000


@pytest.fixture
def signing() -> Iterator[TokenKeys]:
    with mock_aws():
        client = boto3.client("ssm", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        yield TokenKeys(client, "/noukai/test/tokens")


def stored(signing: TokenKeys) -> list[SigningKey]:
    answer = signing.client.get_parameter(Name=signing.name, WithDecryption=True)
    assert answer["Parameter"]["Type"] == "SecureString"
    return read_keys(answer["Parameter"]["Value"])


def test_rotation_keeps_the_signing_key_and_at_most_two(signing: TokenKeys) -> None:
    """The first rotation may come before the first token."""
    for number in range(4):
        signing.rotate(now_ms=NOW + number * HOUR, revoke=False)
    keys = stored(signing)
    assert len({key.id for key in keys}) == len(keys) == 2
    signing.rotate(now_ms=NOW + 4 * HOUR, revoke=True)
    assert len(stored(signing)) == 1


def test_rotation_keeps_the_company_key_that_encrypts(signing: TokenKeys) -> None:
    """Overwriting a parameter without naming its key would choose the account's own."""
    signing.client.put_parameter(Name=signing.name, Value="[]", Type="SecureString", KeyId="alias/company")
    signing.rotate(now_ms=NOW, revoke=False)
    (found,) = signing.client.describe_parameters()["Parameters"]
    assert found["KeyId"] == "alias/company"
