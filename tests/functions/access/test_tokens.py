"""Browser tokens: narrower than their key, verified without a read."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.access.tokens import TokenLimits, key_in, token_of
from noukai_functions.refusals import Refusal, UnauthenticatedError
from noukai_wire.routes import Route
from noukai_wire.scopes import Scope
from tests.functions.harness import Answer, System

ADD = {"org": "acme", "project": "trial", "flow": "add"}
GREET = {**ADD, "flow": "greet"}
BODY = {"parameters": {"a": 1}}
SECRETS = {1: b"1" * 32, 2: b"2" * 32}
KEY = ApiKey("acme", frozenset(Scope), digest="d" * 64, name="ci")


@pytest.fixture
def page(system: System) -> System:
    """Return the system with a key of an org's own server."""
    system.add_key("nk_server", "acme", ("submit", "read", "cancel"), name="server")
    system.key = "nk_server"
    return system


def minted(system: System, **body: Any) -> Answer:
    return system.send(Route.CREATE_TOKEN, body={"scopes": ["read"], **body})


def test_a_token_for_a_flow_does_what_it_says_and_no_more(page: System) -> None:
    """A page may submit and watch jobs of one flow; nothing else of the org is there for it."""
    job = page.send(Route.SUBMIT, body={"message": "hello"}, **GREET).body["id"]
    answer = minted(page, flow="trial/add", scopes=["submit", "read"])
    assert answer.status == 201
    page.key = answer.body["token"]
    assert len(page.key) < 300
    mine = page.send(Route.SUBMIT, body=BODY, **ADD)
    assert mine.status == 202
    assert page.send(Route.STATUS_BY_ID, id=mine.body["id"]).status == 200
    assert page.send(Route.STATUS_BY_ID, id=job).status == 404
    assert page.send(Route.CANCEL_BY_ID, id=mine.body["id"]).status == 403
    assert page.send(Route.SUBMIT, body={"message": "hello"}, **GREET).status == 403
    assert page.send(Route.LIST_ORG, org="acme").status == 403


def test_a_token_for_a_job_shows_that_job_alone(page: System) -> None:
    """Not even another job of the same flow, by any route that has its scope."""
    job, other = (page.send(Route.SUBMIT, body=BODY, **ADD).body["id"] for _ in range(2))
    page.key = minted(page, job=job, scopes=["read", "cancel"]).body["token"]
    assert page.send(Route.STATUS, **ADD, id=job).status == 200
    for route in (Route.STATUS_BY_ID, Route.WAIT_BY_ID, Route.LOGS_BY_ID, Route.EVENTS_BY_ID):
        assert page.send(route, id=job).status == 200
        assert page.send(route, id=other).status == 403
    assert page.send(Route.LIST_JOBS, **ADD).status == 403
    entries = page.send(Route.STATUSES, body={"ids": [job, other]}).body["jobs"]
    assert ["job" in entry for entry in entries] == [True, False]
    assert page.send(Route.CANCEL_BY_ID, id=job).body["state"] == "cancelled"


def test_a_token_makes_no_tokens_and_no_keys(page: System) -> None:
    """It would outlive itself."""
    page.key = minted(page, flow="trial/add").body["token"]
    assert minted(page, flow="trial/add").status == 403
    assert page.send(Route.LIST_KEYS).status == 403


def test_a_token_ends_on_time_and_outlives_its_key(page: System) -> None:
    """It is verified without a read, so that its key's revocation does not reach it."""
    token = minted(page, flow="trial/add", seconds=60).body["token"]
    page.add_key("nk_server", "acme", ("submit", "read", "cancel"), revoked=page.clock.time // 1000)
    page.key = token
    del page.calls[:]
    assert page.send(Route.FLOWS).status == 200
    assert page.calls == []
    page.clock.time += 60_000
    assert page.send(Route.FLOWS).status == 401


def test_a_token_ends_with_a_key_that_ends_earlier(page: System) -> None:
    """The answer says so."""
    ends = page.clock.time // 1000 + 30
    page.add_key("nk_short", "acme", ("read",), expires=ends)
    page.key = "nk_short"
    answer = minted(page, flow="trial/add")
    page.key = answer.body["token"]
    page.clock.time += 31_000
    assert page.send(Route.FLOWS).status == 401


def test_a_token_is_for_its_origin(page: System) -> None:
    """A page of another origin, or no page, is told which one it is for."""
    page.key = minted(page, flow="trial/add", origin="https://app.example.com").body["token"]
    for origin, status in (("https://app.example.com", 200), ("https://evil.example.com", 403), (None, 403)):
        headers = {} if origin is None else {"origin": origin}
        assert page.send(Route.FLOWS, headers=headers).status == status


def test_tokens_of_a_limited_key_share_its_rate(page: System) -> None:
    """A thousand tokens of a key with one call a second make one call a second."""
    page.add_key("nk_slow", "acme", ("read",), rate=1)
    page.key = "nk_slow"
    token = minted(page, flow="trial/add").body["token"]
    page.clock.time += 1000
    page.send(Route.FLOWS)
    page.key = token
    assert page.send(Route.FLOWS).status == 429


def test_a_rotated_secret_signs_and_the_one_before_still_verifies(page: System) -> None:
    """After two rotations the oldest tokens end, at the latest when the cache does."""
    tokens = []
    for version in range(3):
        page.key = "nk_server"
        tokens.append(minted(page, flow="trial/add", seconds=3600).body["token"])
        assert fields_in(tokens[-1])["v"] == version + 1
        if version < len(range(2)):
            rotate(page, version)
    results = []
    for token in tokens:
        page.key = token
        results.append(page.send(Route.FLOWS).status)
    assert results == [401, 200, 200]


def rotate(system: System, version: int) -> None:
    """Rotate the secret as the operator's command does, and let the cache end."""
    system.deployment._ssm.put_parameter(
        Name="/noukai/test/tokens",
        Value=base64.b64encode(bytes([version]) * 32).decode(),
        Type="SecureString",
        Overwrite=True,
    )
    system.clock.time += 301_000


def test_a_token_of_a_new_version_is_known_at_once(page: System) -> None:
    """A function that has cached the older version reads again, at most each ten seconds."""
    page.key = minted(page, flow="trial/add", seconds=3600).body["token"]
    page.send(Route.FLOWS)
    rotate(page, 1)
    page.clock.time -= 290_000
    secret = bytes([1]) * 32
    limits = TokenLimits(frozenset({"read"}), "trial/add", page.clock.time // 1000 + 60)
    page.key = token_of(KEY, limits, 2, secret)
    assert page.send(Route.FLOWS).status == 200


def test_without_tokens_nothing_is_read(page: System) -> None:
    """A caller with a key costs no look at the secret, and nonsense has no secret to look at."""
    del page.calls[:]
    page.send(Route.FLOWS)
    assert {operation for operation, _ in page.calls} == {"GetItem"}
    page.key = "nt_nonsense"
    del page.calls[:]
    assert page.send(Route.FLOWS).status == 401
    assert page.calls == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, ""),
        ({"flow": "trial/add", "job": "job_x"}, ""),
        ({"flow": "trial/add", "scopes": []}, "scopes"),
        ({"flow": "trial/add", "scopes": ["keys"]}, "scopes"),
        ({"flow": "trial/add", "scopes": "read"}, "scopes"),
        ({"flow": "trial/add", "scopes": [["read"]]}, "scopes"),
        ({"flow": 5}, "flow"),
        ({"flow": "trial/add", "seconds": 3601}, "seconds"),
        ({"flow": "trial/add", "seconds": True}, "seconds"),
        ({"flow": "trial/add", "origin": "https://app.example.com/"}, "origin"),
        ({"flow": "trial/add", "origin": "*"}, "origin"),
        ({"job": "job_x", "scopes": ["submit"]}, "scopes"),
        ({"flow": "trial/add", "nonsense": 1}, "nonsense"),
    ],
)
def test_an_invalid_body_is_refused_with_the_place(page: System, body: dict[str, Any], path: str) -> None:
    """Nothing is signed."""
    answer = minted(page, **body)
    assert answer.status == 422
    assert path in [each["path"] for each in answer.body["detail"]["errors"]]


def test_what_does_not_exist_or_is_wider_gets_no_token(page: System) -> None:
    """The answers are those of the flow and the job themselves."""
    assert minted(page, flow="trial/nothing").status == 404
    assert minted(page, flow="nothing").status == 404
    assert minted(page, job="job_" + "a" * 26).status == 404
    page.add_key("nk_reader", "acme", ("read",))
    page.key = "nk_reader"
    assert minted(page, flow="trial/add", scopes=["submit"]).status == 403


def fields_in(token: str) -> dict[str, Any]:
    payload = token.removeprefix("nt_").partition(".")[0]
    fields: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return fields


GOOD = token_of(KEY, TokenLimits(frozenset({"read"}), "trial/add", 2_000), 1, SECRETS[1])


def test_a_good_token_is_read() -> None:
    """The property below would hold for a reader that refuses all."""
    key = key_in(GOOD, SECRETS.get, 1_999_999, None)
    assert (key.org, key.scopes, key.flows, key.is_token) == ("acme", {"read"}, {"trial/add"}, True)
    with pytest.raises(UnauthenticatedError):
        key_in(GOOD, SECRETS.get, 2_000_000, None)
    with pytest.raises(UnauthenticatedError):
        key_in(GOOD, {1: SECRETS[2]}.get, 0, None)


@given(
    st.one_of(
        st.text(max_size=600).map("nt_".__add__),
        st.binary(max_size=200).map(
            lambda content: "nt_" + base64.urlsafe_b64encode(content).decode() + ".AA"
        ),
        st.tuples(st.integers(3, len(GOOD) - 1), st.characters()).map(
            lambda change: GOOD[: change[0]] + change[1] + GOOD[change[0] + 1 :]
        ),
        st.integers(0, len(GOOD) - 1).map(lambda end: GOOD[:end]),
        st.recursive(st.none() | st.integers() | st.text(), st.lists).map(
            lambda value: "nt_" + base64.urlsafe_b64encode(json.dumps({"v": value}).encode()).decode() + ".A"
        ),
    )
)
def test_whatever_was_not_signed_is_refused(text: str) -> None:
    """Each gets the same answer, and no exception of another kind escapes."""
    if text == GOOD:
        return
    with pytest.raises(Refusal) as refused:
        key_in(text, SECRETS.get, 0, None)
    assert isinstance(refused.value, UnauthenticatedError)
