"""Tests of the authorizer and the functions together, by events as the gateway sends them.

The emulator knows no authorizers of functions. What the gateway does between the two is a model of its rule:
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

import json
import time as real
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from noukai_functions.api import endpoint
from noukai_functions.handlers import authorize
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.access.identity.conftest import AUDIENCE
from tests.functions.access.identity.test_tokens import claims
from tests.functions.api.test_unknown_queries import SUBMISSION
from tests.functions.harness import Answer, System
from tests.functions.stand_ins.identity_provider import DISCOVERY, Provider

Show = Callable[..., Answer]


def event(header: str) -> dict[str, Any]:
    """Return what the gateway sends to an authorizer, payload format 2.0."""
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": "arn:aws:execute-api:us-east-1:123456789012:a/$default/GET/api/v1/flows",
        "identitySource": [header],
        "routeKey": "GET /api/v1/flows",
        "rawPath": "/api/v1/flows",
        "headers": {"authorization": header},
        "requestContext": {"http": {"method": "GET", "sourceIp": "192.0.2.1"}, "stage": "$default"},
    }


@pytest.fixture
def _authorizer(
    provider: Provider, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Deploy the authorizer, which trusts the provider's authority as the system's."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    rules = {"issuer": provider.issuer, "audience": [AUDIENCE], "org_claim": "org"}
    monkeypatch.setenv("IDENTITY", json.dumps({**rules, "scopes": ["submit", "read", "keys"]}))
    authorize._verifier.cache_clear()
    yield
    authorize._verifier.cache_clear()


@pytest.fixture
def show(system: System, _authorizer: None, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Return a function that sends a request through the authorizer and to its route's function."""
    monkeypatch.setattr(endpoint, "_HAS_IDENTITIES", True)
    system.clock.time = int(real.time() * 1000)

    def shown(text: str, route: Route = Route.FLOWS, **path: Any) -> Answer:
        system.key = text
        answer = authorize.handler(event(f"Bearer {text}"), None)
        assert answer["isAuthorized"] is True
        assert all(isinstance(value, str) for value in answer["context"].values())
        system.authorizer = answer["context"]
        return system.send(route, **path)

    return shown


def test_a_token_does_what_its_scopes_allow_in_its_org(
    provider: Provider, system: System, show: Show
) -> None:
    token = provider.sign(claims(provider))
    flow = {"org": "acme", "project": "trial", "flow": "add"}
    made = show(token, Route.SUBMIT, body=SUBMISSION, **flow)
    assert show(token, Route.STATUS_BY_ID, id=made.body["id"]).status == 200
    assert show(token, Route.CANCEL_BY_ID, id=made.body["id"]).code == ErrorCode.FORBIDDEN
    other = provider.sign(claims(provider, org="globex"))
    assert show(other, Route.STATUS_BY_ID, id=made.body["id"]).code == ErrorCode.JOB_NOT_FOUND
    assert show(other, Route.SUBMIT, body={}, **flow).code == ErrorCode.FORBIDDEN
    assert system.row(made.body["id"]).org == "acme"


def test_keys_and_browser_tokens_are_as_without_a_provider(provider: Provider, show: Show) -> None:
    """The authorizer states nothing about them, and asks nobody."""
    assert show("nk_acme").status == 200
    assert show("nk_wrong").code == ErrorCode.UNAUTHENTICATED
    assert show("nt_1aaaa.x.y").code == ErrorCode.UNAUTHENTICATED
    for header in ("Basic nk_acme", "Bearer", "Bearer  ", "nk_acme"):
        assert authorize.handler(event(header), None) == {"isAuthorized": True, "context": {}}
    assert provider.asked == []


def test_refusals_have_the_contracts_shape(provider: Provider, show: Show) -> None:
    wrong = show("eyJ.x.y")
    assert (wrong.status, wrong.code, wrong.headers["WWW-Authenticate"]) == (
        401,
        ErrorCode.UNAUTHENTICATED,
        "Bearer",
    )
    provider.say(DISCOVERY, {}, 503)
    away = show(provider.sign(claims(provider)))
    assert (away.status, away.headers["Retry-After"]) == (503, "60")


def test_a_cached_answer_ends_with_its_token(provider: Provider, system: System, show: Show) -> None:
    """The gateway gives what it has cached, and the function looks at the end itself."""
    stated = claims(provider)
    assert show(provider.sign(stated)).status == 200
    system.clock.time = (stated["exp"] + 30) * 1000 - 1
    assert system.send(Route.FLOWS).status == 200
    system.clock.time += 1
    assert system.send(Route.FLOWS).code == ErrorCode.UNAUTHENTICATED


def test_two_tokens_share_no_answer(provider: Provider, system: System, show: Show) -> None:
    """An answer that the gateway gave for another token is not believed, whatever it was cached by."""
    alice, other = provider.sign(claims(provider)), provider.sign(claims(provider, org="globex"))
    assert show(alice).status == 200
    stated = system.authorizer
    for shown in (other, f"{alice}x", alice[:-1], alice.lower(), "eyJ.x.y"):
        system.key, system.authorizer = shown, stated
        assert system.send(Route.FLOWS).code == ErrorCode.UNAUTHENTICATED
    system.key = alice
    for header in (f"Bearer {alice}", f"bearer  {alice} "):
        assert system.send(Route.FLOWS, headers={"authorization": header}).status == 200


def test_without_the_setting_no_authorizer_is_believed(system: System) -> None:
    system.authorizer = {"org": "acme", "name": "x", "scopes": "read", "expires": "99999999999"}
    for key in ("eyJ.x.y", "nk_wrong"):
        system.key = key
        assert system.send(Route.FLOWS).code == ErrorCode.UNAUTHENTICATED


def test_an_identity_is_believed_only_as_a_bearer(provider: Provider, system: System, show: Show) -> None:
    """Neither a request that shows a key, nor one without the header or of another scheme."""
    assert show(provider.sign(claims(provider))).status == 200
    for header in ({"authorization": "Basic eyJ.x.y"}, {"authorization": "Bearer nk_wrong"}, {}):
        system.key = None
        assert system.send(Route.FLOWS, headers=header).code == ErrorCode.UNAUTHENTICATED
    system.key, system.authorizer = "eyJ.x.y", None
    assert system.send(Route.FLOWS).code == ErrorCode.UNAUTHENTICATED


def test_a_browser_token_of_an_identity_ends_with_it(provider: Provider, show: Show) -> None:
    """What an identity makes is as narrow as itself."""
    stated = claims(provider, exp=int(real.time()) + 100)
    body = {"flow": "trial/add", "scopes": ["submit"], "origin": "https://app.acme.com", "seconds": 600}
    made = show(provider.sign(stated), Route.MAKE_TOKEN, body=body)
    ends = real.strftime("%Y-%m-%dT%H:%M:%S", real.gmtime(stated["exp"] + 30))
    assert (made.status, made.body["expiresAt"][:19]) == (201, ends)
