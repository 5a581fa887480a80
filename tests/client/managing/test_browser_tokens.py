"""The making of browser tokens, in both colours."""

import json
from typing import Any

import pytest

from noukai import InvalidArgumentError
from tests.client.conftest import Colour
from tests.client.script import Answer
from tests.client.test_client import Api

ORIGIN = "https://app.example.com"
MADE = {"token": "nt_1secret", "expiresAt": "2026-11-30T12:10:00.000Z"}
JOB = "job_" + "a" * 26


def test_token_is_made(colour: Colour) -> None:
    """The flow is sent without its org; no representation has the token."""
    api = Api(Answer(201, MADE), Answer(201, MADE))
    tokens = colour.client(api, org="acme", project="demo").tokens
    made = colour.run(tokens.create(origin=ORIGIN, flow="echo", scopes=["submit", "read"]))
    assert (made.token, made.expires_at) == (MADE["token"], MADE["expiresAt"])
    assert "secret" not in f"{made!r}{made}"
    colour.run(tokens.create(origin=ORIGIN, job=JOB, seconds=60))
    assert api.lines == ["POST /api/v1/tokens"] * 2
    assert [json.loads(request.content) for request in api.requests] == [
        {"flow": "demo/echo", "scopes": ["submit", "read"], "origin": ORIGIN, "seconds": 600},
        {"job": JOB, "scopes": ["read"], "origin": ORIGIN, "seconds": 60},
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"flow": "demo/echo", "job": JOB},
        {"flow": "demo/echo", "scopes": "read"},
        {"flow": "demo/echo", "scopes": []},
        {"flow": "demo/echo", "seconds": 3601},
        {"flow": "demo/echo", "origin": ""},
    ],
)
def test_wrong_argument_is_refused_before_a_request(colour: Colour, wrong: dict[str, Any]) -> None:
    api = Api()
    with pytest.raises(InvalidArgumentError):
        colour.run(colour.client(api).tokens.create(**{"origin": ORIGIN, **wrong}))
    assert api.lines == []
