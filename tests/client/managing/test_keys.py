"""The keys that an org makes for itself, in both colours."""

import json
from datetime import UTC, datetime

import pytest

from noukai import InvalidArgumentError
from tests.client.conftest import Colour
from tests.client.script import Answer
from tests.client.servers.automation import CI
from tests.client.test_client import Api


def test_key_is_created_with_what_is_stated(colour: Colour) -> None:
    """What is left out is not sent; no representation of the answer has the key's text."""
    api = Api(Answer(201, {**CI, "key": "nk_secret"}))
    until = datetime(2027, 1, 1, tzinfo=UTC)
    made = colour.run(colour.client(api).keys.create("ci", scopes=["read"], flows=["demo"], expires_at=until))
    assert (made.key, "nk_secret" in f"{made!r}{made}") == ("nk_secret", False)
    assert api.lines == ["POST /api/v1/keys"]
    sent = json.loads(api.requests[0].content)
    assert {name: sent[name] for name in ("name", "scopes", "flows")} == {
        "name": "ci",
        "scopes": ["read"],
        "flows": ["demo"],
    }
    assert datetime.fromisoformat(sent["expiresAt"]) == until
    assert len(sent) == len(("name", "scopes", "flows", "expiresAt"))


def test_keys_are_listed_rotated_and_revoked(colour: Colour) -> None:
    api = Api(Answer(body={"keys": [CI]}), Answer(201, {**CI, "key": "nk_new"}), Answer(204, b""))
    keys = colour.client(api).keys
    assert [each.name for each in colour.run(keys.list())] == ["ci"]
    assert colour.run(keys.rotate("ci", overlap_seconds=60)).key == "nk_new"
    assert json.loads(api.requests[1].content) == {"name": "ci", "rotate": True, "overlapSeconds": 60}
    assert colour.run(keys.revoke("ci")) is None
    assert api.lines == ["GET /api/v1/keys", "POST /api/v1/keys", "DELETE /api/v1/keys/ci"]


@pytest.mark.parametrize("name", ["", "Not a slug", "../x"])
def test_invalid_name_sends_nothing(colour: Colour, name: str) -> None:
    api = Api()
    with pytest.raises(InvalidArgumentError):
        colour.run(colour.client(api).keys.create(name))
    with pytest.raises(InvalidArgumentError):
        colour.run(colour.client(api).keys.revoke(name))
    assert api.lines == []
