"""Tests of the verification of tokens, with real keys, signatures and documents over HTTPS."""

import base64
import hashlib
import hmac
import json
import time as real
from dataclasses import replace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from noukai_functions.identity.tokens import LEEWAY_SECONDS, TokenVerifier
from tests.functions.access.identity.conftest import AUDIENCE
from tests.functions.stand_ins.identity_provider import DISCOVERY, Key, Provider, public

INVALID = {"error": "invalid"}


def claims(provider: Provider, **changes: Any) -> dict[str, Any]:
    """Return valid claims, with changes; a claim that is None is left out."""
    now = int(real.time())
    valid = {
        "iss": provider.issuer,
        "aud": AUDIENCE,
        "sub": "user-1",
        "org": "acme",
        "scope": "read openid usage",
        "exp": now + 600,
        "nbf": now,
        **changes,
    }
    return {name: value for name, value in valid.items() if value is not None}


@pytest.mark.parametrize(("key", "algorithm"), [("r1", "RS256"), ("e1", "ES256")])
def test_token_names_org_caller_scopes_and_end(
    provider: Provider, verifier: TokenVerifier, key: str, algorithm: str
) -> None:
    """Of the scopes, only those that the operator allows."""
    stated = claims(provider)
    token = provider.sign(stated, key, algorithm)
    assert verifier.context(token) == {
        "org": "acme",
        "name": "user-1",
        "scopes": "read",
        "expires": str(stated["exp"] + LEEWAY_SECONDS),
        "token": hashlib.sha256(token.encode()).hexdigest(),
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"iss": None},
        {"aud": "other"},
        {"aud": ["other"]},
        {"aud": None},
        {"aud": "other", "client_id": AUDIENCE},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": []},
        {"exp": {}},
        {"exp": 1e300},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": 253_402_300_800},
        {"nbf": []},
        {"nbf": "later"},
        {"iss": ["x"]},
        {"iss": {}},
        {"aud": {}},
        {"aud": [{}]},
        {"aud": 5},
        {"aud": True},
        {"sub": 5},
        {"sub": ["user-1"]},
        {"org": 5},
        {"org": {"id": "acme"}},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": "ü"},
        {"org": None},
        {"org": "Acme"},
        {"org": "acme/other"},
        {"org": ["acme"]},
        {"org": "a" * 51},
    ],
)
def test_claims_that_are_refused(provider: Provider, verifier: TokenVerifier, changes: Any) -> None:
    assert verifier.context(signed(provider, claims(provider, **changes))) == INVALID


def signed(provider: Provider, stated: Any, **headers: Any) -> str:
    """Return a signed token whose claims and headers have any type, which no library would sign."""
    text = f"{part({'alg': 'RS256', 'kid': 'r1', **headers})}.{part(stated)}"
    key = provider.keys["r1"]
    assert isinstance(key, rsa.RSAPrivateKey)
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


@pytest.mark.parametrize("stated", [[], "acme", 5, None, True, ["org", "acme"]])
def test_claims_that_are_no_object_are_refused(
    provider: Provider, verifier: TokenVerifier, stated: Any
) -> None:
    assert verifier.context(signed(provider, claims(provider)))["org"] == "acme"
    assert verifier.context(signed(provider, stated)) == INVALID


@pytest.mark.parametrize(
    "headers",
    [
        {"kid": 5},
        {"kid": ["r1"]},
        {"kid": {}},
        {"kid": "../r1"},
        {"kid": ""},
        {"alg": ["RS256"]},
        {"alg": None},
        {"crit": []},
        {"jku": "https://evil.example/keys", "kid": "evil"},
        {"jwk": {"kty": "oct", "k": "c2VjcmV0"}, "kid": "evil"},
    ],
)
def test_headers_that_are_refused(provider: Provider, verifier: TokenVerifier, headers: Any) -> None:
    """A token names no key of its own, nor where to find one."""
    assert verifier.context(signed(provider, claims(provider), **headers)) == INVALID
    assert not set(provider.asked) - {DISCOVERY, "/keys"}


@pytest.mark.parametrize(
    ("changes", "is_valid"),
    [
        ({"exp": -LEEWAY_SECONDS + 10}, True),
        ({"exp": -LEEWAY_SECONDS - 10}, False),
        ({"nbf": LEEWAY_SECONDS - 10}, True),
        ({"nbf": LEEWAY_SECONDS + 10}, False),
    ],
)
def test_clocks_may_differ_by_half_a_minute(
    provider: Provider, verifier: TokenVerifier, changes: dict[str, int], is_valid: bool
) -> None:
    now = int(real.time())
    token = provider.sign(claims(provider, **{name: now + value for name, value in changes.items()}))
    assert (verifier.context(token) != INVALID) is is_valid


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def forged(provider: Provider, algorithm: str, secret: bytes | None) -> str:
    """Return a token that is signed with a public key as if it were a secret, or not at all."""
    signed = f"{part({'alg': algorithm, 'kid': 'r1', 'typ': 'JWT'})}.{part(claims(provider))}"
    mac = b"x" if secret is None else hmac.digest(secret, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def test_no_other_algorithm_is_believed(
    provider: Provider, verifier: TokenVerifier, signing_keys: dict[str, Key]
) -> None:
    """Neither none, nor a public key as the secret of HS256, nor another kind of key's."""
    key = json.dumps(public(signing_keys["r1"])).encode()
    for algorithm in ("none", "None", "HS256", "RS256", "ES256", "RS512"):
        for secret in (None, key):
            assert verifier.context(forged(provider, algorithm, secret)) == INVALID
    for algorithm in ("RS384", "RS512", "PS256"):
        assert verifier.context(provider.sign(claims(provider), "r1", algorithm)) == INVALID


def test_a_token_may_not_choose_the_kind_of_its_key(provider: Provider, verifier: TokenVerifier) -> None:
    """It names a published key of the other kind, or one that has not signed it."""
    assert verifier.context(provider.sign(claims(provider), "e1", "ES256", kid="r1")) == INVALID
    assert verifier.context(provider.sign(claims(provider), "r1", "RS256", kid="e1")) == INVALID
    assert verifier.context(provider.sign(claims(provider), "r2", "RS256", kid="r1")) == INVALID


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_a_changed_token_is_refused(provider: Provider, verifier: TokenVerifier, changed: int) -> None:
    parts = provider.sign(claims(provider)).split(".")
    middle = len(parts[changed]) // 2
    letter = "A" if parts[changed][middle] != "A" else "B"
    parts[changed] = f"{parts[changed][:middle]}{letter}{parts[changed][middle + 1 :]}"
    assert verifier.context(".".join(parts)) == INVALID


def test_weak_and_foreign_keys_are_refused(
    provider: Provider, verifier: TokenVerifier, signing_keys: dict[str, Key]
) -> None:
    published = [{**public(signing_keys[name]), "kid": name} for name in ("weak", "p384")]
    encrypting = {**public(signing_keys["r2"]), "kid": "r2", "use": "enc"}
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "r1", "alg": "HS256"}
    provider.say("/keys", {"keys": [*published, encrypting, secret]})
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        weak = provider.sign(claims(provider), "weak")
    for token in (
        weak,
        provider.sign(claims(provider), "r2"),
        provider.sign(claims(provider), "r1"),
        provider.sign(claims(provider), "p384", "ES384"),
    ):
        assert verifier.context(token) == INVALID


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "a.b.c",
        "..",
        "é.b.c",
        "a.b.c.d",
        f"{part([])}.e30.x",
        f"{part({'alg': 1})}.e30.x",
        "x" * 9000,
    ],
)
def test_what_is_no_token_costs_no_request(provider: Provider, verifier: TokenVerifier, token: str) -> None:
    assert verifier.context(token) == INVALID
    nested = base64.urlsafe_b64encode(b"[" * 4000).decode().rstrip("=")
    assert verifier.context(f"{nested}.e30.x") == INVALID
    assert provider.asked == []


def test_critical_headers_are_refused(provider: Provider, verifier: TokenVerifier) -> None:
    assert verifier.context(provider.sign(claims(provider), crit=["b64"], b64=False)) == INVALID


def test_a_token_without_a_key_id_is_of_the_only_key(provider: Provider, verifier: TokenVerifier) -> None:
    token = jwt.encode(claims(provider), provider.keys["r1"], "RS256")
    provider.publish("r1")
    assert verifier.context(token)["org"] == "acme"


def test_several_keys_need_a_key_id(provider: Provider, verifier: TokenVerifier) -> None:
    assert verifier.context(jwt.encode(claims(provider), provider.keys["r1"], "RS256")) == INVALID


@pytest.mark.parametrize(
    ("rules", "stated", "expected"),
    [
        ({"scopes_claim": None}, {"scope": "usage"}, {"scopes": "read submit"}),
        ({}, {"scope": None}, {"scopes": ""}),
        ({"scopes_claim": "scp"}, {"scp": ["submit", 5, "keys"]}, {"scopes": "submit"}),
        ({"scopes_prefix": "api/"}, {"scope": "api/read submit other/submit"}, {"scopes": "read"}),
        ({"org_claim": "tid"}, {"tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}, {"scopes": "read"}),
        ({"flows_claim": "flows"}, {"flows": ["demo", "nlp/tag"]}, {"flows": "demo nlp/tag"}),
        ({"flows_claim": "flows"}, {"flows": []}, INVALID),
        ({"flows_claim": "flows"}, {}, INVALID),
        ({}, {"aud": ["x", AUDIENCE]}, {"scopes": "read"}),
        ({}, {"aud": None, "client_id": AUDIENCE}, {"scopes": "read"}),
    ],
)
def test_rules_of_the_settings(
    provider: Provider, verifier: TokenVerifier, rules: Any, stated: Any, expected: dict[str, str]
) -> None:
    """As Cognito, Auth0 and Entra name their claims."""
    verifier = replace(verifier, rules=replace(verifier.rules, **rules))
    found = verifier.context(provider.sign(claims(provider, **stated)))
    assert {name: found.get(name) for name in expected} == expected
