"""The attacks of strangers with browser tokens, and of holders with limited keys."""

import base64
import json
from typing import Any

import pytest

from noukai_functions.access.tokens import Token, write_token
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import BASE_PATH, Route
from noukai_wire.scopes import TOKEN_SCOPES, Scope
from noukai_wire.signing_keys import new_key
from tests.functions.access.test_browser_tokens import ADD, MAKER, ORIGIN, keys_of, make, new_job, show, token
from tests.functions.harness import System

ALL = [*TOKEN_SCOPES]
ABOUT_THE_ORG = [
    route
    for route in Route
    if any(part in route.template for part in ("/webhooks", "/schedules", "/keys", "/tokens", "/usage"))
]


@pytest.fixture
def site(system: System) -> System:
    system.add_key(MAKER, "acme", tuple(Scope))
    return system


@pytest.mark.parametrize("route", ABOUT_THE_ORG, ids=lambda route: route.name)
def test_no_token_manages_what_belongs_to_the_org(site: System, route: Route) -> None:
    """Neither one of a flow nor one of a job, with all scopes that a token may have."""
    of_job = token(site, flow=None, job=new_job(site), scopes=["read", "cancel"])
    for text in (token(site, scopes=ALL), of_job):
        del site.calls[:]
        answer = show(site, text, route, path={"name": "any-name"}, body={})
        assert answer.code == ErrorCode.FORBIDDEN
        assert site.calls == []


def test_a_token_is_refused_in_another_org(site: System) -> None:
    """Before any look-up, with the same answer as for a key."""
    text = token(site, scopes=ALL)
    for route in (Route.SUBMIT, Route.LIST_JOBS, Route.SUBMIT_JOBS, Route.CANCEL_JOBS):
        assert show(site, text, route, path={"org": "globex"}, body={}).code == ErrorCode.FORBIDDEN


def test_a_head_request_is_checked_as_its_get(site: System) -> None:
    job, other = new_job(site), new_job(site)
    site.key = token(site, flow=None, job=job)

    def status(job_id: str, origin: str) -> int:
        route = f"HEAD {BASE_PATH}{Route.STATUS_BY_ID.template}"
        return site.send(route, headers={"origin": origin}, id=job_id).status

    assert status(job, ORIGIN) == 200
    assert (status(other, ORIGIN), status(job, "https://evil.example.com")) == (403, 403)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": f"{ORIGIN}, https://evil.example.com"},
        {"origin": f"{ORIGIN}/"},
        {"origin": ORIGIN.upper()},
        {"origin": f"{ORIGIN}.evil.example.com"},
        {"origin": "null"},
        {"origin": ""},
        {"referer": f"{ORIGIN}/page"},
        {"sec-fetch-site": "same-origin", "x-forwarded-host": "app.example.com"},
        {"sec-fetch-site": "same-origin, cross-site", "host": "app.example.com"},
        {"sec-fetch-site": "same-origin", "host": "app.example.com", "origin": "https://evil.example.com"},
    ],
)
def test_only_the_stated_origin_counts(site: System, headers: dict[str, str]) -> None:
    """No other header says where a page is from, and a stated origin is believed first."""
    site.key = token(site)
    assert site.send(Route.LIST_JOBS, headers=headers, **ADD).code == ErrorCode.FORBIDDEN


def test_the_document_shows_a_token_no_flows(site: System) -> None:
    """The document of all flows is for keys of the whole org."""
    public = site.send(Route.OPENAPI, headers={"authorization": "Bearer nk_acme"}).body
    shown = show(site, token(site), Route.OPENAPI).body
    assert len(json.dumps(shown)) < len(json.dumps(public))
    assert "trial" not in json.dumps(shown)


def test_a_token_that_somebody_else_has_signed_is_invalid(site: System) -> None:
    """Also with the id of the deployment's own key, and whatever it says that it may do."""
    signing = keys_of(site).signing()
    wanted = Token("acme", frozenset(Scope), "trial/add", ORIGIN, 9_999_999_999, "ab" * 32)
    own = new_key(0)
    for text in (
        write_token(wanted, own, keys_of(site).name),
        write_token(wanted, own, keys_of(site).name).replace(own.id, signing.id),
        write_token(wanted, signing, "/noukai/other/tokens"),
    ):
        assert show(site, text).code == ErrorCode.UNAUTHENTICATED


def test_a_changed_content_is_invalid(site: System) -> None:
    """The target, the scopes and the end are signed."""
    head, payload, mac = token(site).split(".")
    fields = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changes: dict[int, Any] = {0: fields[0] + 3600, 1: "globex", 2: ["cancel"], 3: "trial/greet", 6: 9}
    for place, value in changes.items():
        changed = [value if index == place else each for index, each in enumerate(fields)]
        text = base64.urlsafe_b64encode(json.dumps(changed, separators=(",", ":")).encode())
        shown = show(site, f"{head}.{text.decode().rstrip('=')}.{mac}")
        assert shown.code == ErrorCode.UNAUTHENTICATED, place


@pytest.mark.parametrize(
    "limits", [{"addresses": ["10.0.0.0/8"]}, {"addresses": ["0.0.0.0/0"]}, {"flows": ["trial/greet"]}]
)
def test_a_limited_key_makes_no_token_beyond_its_limits(site: System, limits: Any) -> None:
    """Neither for another flow, nor for pages that are used from anywhere."""
    job = new_job(site)
    site.add_key("nk_limited", "acme", tuple(Scope), **limits)
    site.key = "nk_limited"
    body = {"origin": ORIGIN, "flow": "trial/add"}
    refused = [site.send(Route.MAKE_TOKEN, body=body, address="10.0.0.1")]
    refused.append(site.send(Route.MAKE_TOKEN, body={"origin": ORIGIN, "job": job}, address="10.0.0.1"))
    assert refused[0].code == ErrorCode.FORBIDDEN
    assert refused[1].code == (ErrorCode.FORBIDDEN if "addresses" in limits else ErrorCode.JOB_NOT_FOUND)


def test_a_token_of_a_made_key_ends_with_it_and_counts_as_its_maker(site: System) -> None:
    """A chain of maker, key and token is never wider than its narrowest part."""
    site.add_key(MAKER, "acme", tuple(Scope), rate=5)
    site.key = MAKER
    ends = "2023-11-14T22:15:00Z"
    wanted = {"name": "pages", "scopes": ["keys", "read"], "expiresAt": ends, "flows": ["trial/add"]}
    made = site.send(Route.CREATE_KEY, body=wanted).body["key"]
    site.key = made
    answer = site.send(Route.MAKE_TOKEN, body={"origin": ORIGIN, "flow": "trial/add", "seconds": 3600})
    assert answer.body["expiresAt"] == ends.replace("Z", ".000Z")
    site.clock.time += 1000
    text = answer.body["token"]
    assert [show(site, text).status for _ in range(6)] == [200] * 5 + [429]
    site.key = MAKER
    assert site.send(Route.FLOWS).status == 429


def test_a_made_key_outlives_its_maker_and_is_listed_with_its_name(site: System) -> None:
    """Who revokes a key that has leaked has to look for those that it has made."""
    site.key = MAKER
    made = site.send(Route.CREATE_KEY, body={"name": "ci"}).body["key"]
    site.add_key(MAKER, "acme", tuple(Scope), revoked=1)
    site.add_key("nk_second", "acme", tuple(Scope))
    site.clock.time += 61_000
    assert site.send(Route.FLOWS).status == 401
    site.key = made
    assert site.send(Route.FLOWS).status == 200
    site.key = "nk_second"
    [shown] = site.send(Route.LIST_KEYS).body["keys"]
    assert (shown["name"], shown["madeBy"]) == ("ci", "a test")


def test_make_is_refused_for_a_token(site: System) -> None:
    """Neither a token nor a key of its own comes of a token."""
    assert make(site, scopes=ALL).status == 201
    text = token(site, scopes=ALL)
    for route in (Route.MAKE_TOKEN, Route.CREATE_KEY):
        body = {"origin": ORIGIN, "flow": "trial/add"} if route is Route.MAKE_TOKEN else {"name": "mine"}
        assert show(site, text, route, body=body).code == ErrorCode.FORBIDDEN
