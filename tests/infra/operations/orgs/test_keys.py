"""The operator's keys, on moto."""

import hashlib
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.orgs.keys import KeyNotFoundError, Keys
from noukai_wire.scopes import Scope


@pytest.fixture
def keys() -> Iterator[Keys]:
    with mock_aws():
        client = boto3.client("dynamodb", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        client.create_table(
            TableName="keys",
            KeySchema=[{"AttributeName": "hash", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "hash", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Keys(client, "keys")


def test_key_is_kept_as_its_hash_alone(keys: Keys) -> None:
    """With its org, its name, what it allows and when it was made."""
    key = keys.create("acme", "ci", created=1_700_000_000)
    (row,) = keys.client.scan(TableName="keys")["Items"]
    assert row == {
        "hash": {"S": hashlib.sha256(key.encode()).hexdigest()},
        "org": {"S": "acme"},
        "name": {"S": "ci"},
        "scopes": {"SS": ["cancel", "read", "schedules", "submit", "usage", "webhooks"]},
        "created": {"N": "1700000000"},
    }


def test_key_may_end_and_may_allow_less(keys: Keys) -> None:
    """Both as its maker says."""
    keys.create("acme", "ci", created=1_700_000_000, scopes=[Scope.READ], expires=1_700_003_600)
    (row,) = keys.client.scan(TableName="keys")["Items"]
    assert (row["scopes"], row["expires"]) == ({"SS": ["read"]}, {"N": "1700003600"})


def test_key_may_be_limited(keys: Keys) -> None:
    """To so many calls a second; one that is not says nothing of it."""
    keys.create("acme", "ci", created=1, rate=10)
    keys.create("acme", "prod", created=2)
    assert [row.rate for row in keys.rows()] == [None, 10]
    assert [item.get("rate") for item in keys.client.scan(TableName="keys")["Items"]].count({"N": "10"}) == 1


def test_key_that_there_is_has_the_row_of_one_that_is_made(keys: Keys) -> None:
    """Inserting a given key, as the local system does, writes what `create` writes."""
    made = keys.create("acme", "ci", created=1_700_000_000)
    keys.insert("nk_known", "acme", "ci", created=1_700_000_000)
    rows = {row.pop("hash")["S"]: row for row in keys.client.scan(TableName="keys")["Items"]}
    digests = [hashlib.sha256(key.encode()).hexdigest() for key in (made, "nk_known")]
    assert rows.keys() == set(digests)
    assert rows[digests[0]] == rows[digests[1]]


def test_key_is_never_inserted_twice(keys: Keys) -> None:
    """A key in the table keeps its org when it is inserted again."""
    keys.insert("nk_known", "acme", "ci", created=0)
    with pytest.raises(keys.client.exceptions.ConditionalCheckFailedException):
        keys.insert("nk_known", "globex", "ci", created=1)


def test_keys_are_listed_newest_first(keys: Keys) -> None:
    """With all that the table knows of each, and by an id that tells nobody the key."""
    old = keys.create("acme", "ci", created=1, scopes=[Scope.READ], expires=100)
    new = keys.create("globex", "prod", created=2)
    assert [(row.name, row.org, row.scopes, row.state(now=99)) for row in keys.rows()] == [
        ("prod", "globex", ("cancel", "read", "schedules", "submit", "usage", "webhooks"), "valid"),
        ("ci", "acme", ("read",), "valid"),
    ]
    assert keys.rows()[1].state(now=100) == "expired"
    assert [row.id for row in keys.rows()] == [
        hashlib.sha256(key.encode()).hexdigest()[:12] for key in (new, old)
    ]


def test_key_is_revoked_by_its_id(keys: Keys) -> None:
    """Only this one, for good, and with the time of the first revocation."""
    keys.create("acme", "ci", created=1)
    keys.create("acme", "prod", created=2)
    prod = keys.rows()[0]
    assert keys.revoke(prod.id, now=10).state(now=10) == "revoked"
    assert keys.revoke(prod.id, now=20).revoked == 10
    assert [row.state(now=20) for row in keys.rows()] == ["revoked", "valid"]


@pytest.mark.parametrize("key_id", ["", "nothing", "nk_something"])
def test_unknown_id_revokes_nothing(keys: Keys, key_id: str) -> None:
    """An unknown id is an error that says where to find ids."""
    keys.create("acme", "ci", created=1)
    with pytest.raises(KeyNotFoundError, match="list"):
        keys.revoke(key_id, now=10)
    assert [row.state(now=10) for row in keys.rows()] == ["valid"]


def test_keys_are_not_to_be_guessed(keys: Keys) -> None:
    """Each has 256 random bits behind its prefix."""
    first, second = (keys.create("acme", "ci", created=0) for _ in range(2))
    assert first != second
    assert {(len(key), key[:3]) for key in (first, second)} == {(3 + 43, "nk_")}


def test_table_is_empty_until_a_key_is_made(keys: Keys) -> None:
    """So a second deploy makes no second first key."""
    assert keys.is_empty()
    keys.create("acme", "first", created=0)
    assert not keys.is_empty()


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"org": {"N": "1"}}, "it has no 'S'"),
        ({"created": {"N": "1.5"}}, "invalid literal for int"),
        ({"expires": {"N": "1" * 30}}, "out of range"),
    ],
)
def test_row_that_cannot_be_read(keys: Keys, wrong: dict[str, Any], problem: str) -> None:
    """It is in the list, says why, can be revoked, and is in nobody else's way."""
    keys.create("acme", "ci", created=1)
    bad: dict[str, Any] = {
        "hash": {"S": "ab" * 32},
        "org": {"S": "x"},
        "name": {"S": "x"},
        "scopes": {"SS": ["read"]},
    }
    keys.client.put_item(TableName="keys", Item={"created": {"N": "1"}, **bad, **wrong})
    states = {row.id: row.state(now=2) for row in keys.rows()}
    unreadable = states.pop("ab" * 6)
    assert unreadable.startswith("unreadable: ")
    assert problem in unreadable
    assert [*states.values()] == ["valid"]
    keys.revoke("abab", now=2)
    assert any("revoked" in item for item in keys.client.scan(TableName="keys")["Items"])


def test_key_may_be_limited_to_flows_and_addresses(keys: Keys) -> None:
    """The row has them as sets; one without limits has neither."""
    keys.create("acme", "ci", created=1, flows=["demo", "demo"], addresses=["203.0.113.0/24"])
    (row,) = keys.rows()
    assert (row.flows, row.addresses) == (("demo",), ("203.0.113.0/24",))


def test_rotated_key_keeps_its_limits_and_the_old_one_works_for_a_while(keys: Keys) -> None:
    """The overlap never prolongs a key that expires earlier."""
    keys.create("acme", "ci", created=1, scopes=[Scope.READ], flows=["demo"], rate=5, expires=1000)
    (old,) = keys.rows()
    text, ended = keys.rotate(old.id, now=100, overlap=50)
    new = keys.rows()[0]
    assert hashlib.sha256(text.encode()).hexdigest() == new.hash
    assert (new.scopes, new.flows, new.rate, new.expires) == (old.scopes, old.flows, 5, 1000)
    assert (ended.state(149), ended.state(150)) == ("valid", "expired")
    assert keys.rotate(new.id, now=990, overlap=50)[1].expires == 1000
    with pytest.raises(OperatorError, match="expired"):
        keys.rotate(old.id, now=200, overlap=50)


def test_the_directories_of_orgs_are_no_keys(keys: Keys) -> None:
    """They are rows of the same table."""
    keys.client.put_item(TableName="keys", Item={"hash": {"S": "#org/acme"}, "made": {"N": "1"}})
    assert keys.rows() == []


def test_a_key_that_an_org_has_made_is_rotated_by_the_org(keys: Keys) -> None:
    """Its directory would go on naming the old one."""
    row = {"hash": {"S": "ab" * 32}, "org": {"S": "acme"}, "name": {"S": "ci"}, "maker": {"S": "admin"}}
    keys.client.put_item(TableName="keys", Item={**row, "scopes": {"SS": ["read"]}, "created": {"N": "1"}})
    with pytest.raises(OperatorError, match="by the API"):
        keys.rotate("abab", now=10, overlap=0)
    assert keys.revoke("abab", now=10).revoked == 10
