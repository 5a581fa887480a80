"""Tests of the keys of an identity provider: when they are read, and what is believed of its documents."""

from typing import Any

import pytest

from noukai_functions.identity.provider import FRESH_SECONDS, PAUSE_SECONDS, RETRY_SECONDS, STALE_SECONDS
from noukai_functions.identity.tokens import TokenVerifier
from tests.functions.access.identity.conftest import Time
from tests.functions.access.identity.test_tokens import INVALID, claims
from tests.functions.stand_ins.identity_provider import DISCOVERY, Provider

UNAVAILABLE = {"error": "unavailable"}


def test_new_keys_are_found_and_made_up_ones_are_not_asked_for(
    provider: Provider, verifier: TokenVerifier, time: Time
) -> None:
    """An unknown key is looked for once a minute at most."""
    assert "org" in verifier.context(provider.sign(claims(provider)))
    provider.publish("r2")
    rotated = provider.sign(claims(provider), "r2")
    assert verifier.context(rotated) == INVALID
    time.now += PAUSE_SECONDS
    assert "org" in verifier.context(rotated)
    assert verifier.context(provider.sign(claims(provider))) == INVALID
    for number in range(20):
        assert verifier.context(provider.sign(claims(provider), kid=f"made-up-{number}")) == INVALID
    assert provider.asked == [DISCOVERY, "/keys"] * 2


def test_keys_are_read_once_an_hour_and_serve_for_a_day(
    provider: Provider, verifier: TokenVerifier, time: Time
) -> None:
    token = provider.sign(claims(provider))
    for _ in range(3):
        assert "org" in verifier.context(token)
    provider.say(DISCOVERY, {}, 503)
    time.now = FRESH_SECONDS - 1
    assert "org" in verifier.context(token)
    assert provider.asked == [DISCOVERY, "/keys"]
    time.now = FRESH_SECONDS
    for _ in range(3):
        assert "org" in verifier.context(token)
    assert provider.asked == [DISCOVERY, "/keys", DISCOVERY]
    time.now = STALE_SECONDS
    assert verifier.context(token) == UNAVAILABLE
    provider.publish("r1")
    time.now += RETRY_SECONDS
    assert "org" in verifier.context(token)


def test_a_provider_that_is_away_is_asked_once_in_five_seconds(
    provider: Provider, verifier: TokenVerifier, time: Time
) -> None:
    """Each try may take seconds; different tokens are answered at once in between."""
    provider.say(DISCOVERY, {}, 503)
    for number in range(20):
        assert verifier.context(provider.sign(claims(provider, sub=f"user-{number}"))) == UNAVAILABLE
    assert provider.asked == [DISCOVERY]
    time.now += RETRY_SECONDS - 1
    assert verifier.context(provider.sign(claims(provider))) == UNAVAILABLE
    provider.publish("r1")
    time.now += 1
    assert "org" in verifier.context(provider.sign(claims(provider)))
    assert provider.asked == [DISCOVERY, DISCOVERY, "/keys"]


@pytest.mark.parametrize(
    ("path", "document", "status"),
    [
        (DISCOVERY, {}, 500),
        (DISCOVERY, {}, 302),
        (DISCOVERY, [], 200),
        (DISCOVERY, {"issuer": "https://other.example", "jwks_uri": "https://other.example/keys"}, 200),
        (DISCOVERY, {"jwks_uri": "https://other.example/keys"}, 200),
        ("/keys", {"keys": []}, 200),
        ("/keys", {"keys": [{"kty": "RSA", "n": "!"}]}, 200),
        ("/keys", {"keys": "x"}, 200),
        ("/keys", {}, 404),
        ("/keys", {"keys": ["x" * 300_000]}, 200),
    ],
)
def test_nothing_is_believed_of_a_provider_that_answers_otherwise(
    provider: Provider, verifier: TokenVerifier, path: str, document: Any, status: int
) -> None:
    provider.say(path, document, status)
    assert verifier.context(provider.sign(claims(provider))) == UNAVAILABLE


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/keys", "file:///etc/passwd", "", None])
def test_keys_come_over_https_alone(provider: Provider, verifier: TokenVerifier, address: Any) -> None:
    provider.say(DISCOVERY, {"issuer": provider.issuer, "jwks_uri": address})
    assert verifier.context(provider.sign(claims(provider))) == UNAVAILABLE
