"""An identity provider with keys of both kinds, and its verifier."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from noukai_functions.identity.provider import Fetcher, ProviderKeys
from noukai_functions.identity.rules import Rules
from noukai_functions.identity.tokens import TokenVerifier
from tests.functions.stand_ins.identity_provider import Key, Provider, running_provider

AUDIENCE = "noukai"


@pytest.fixture(scope="session")
def signing_keys() -> dict[str, Key]:
    return {
        "r1": rsa.generate_private_key(65537, 2048),
        "r2": rsa.generate_private_key(65537, 2048),
        "e1": ec.generate_private_key(ec.SECP256R1()),
        "weak": rsa.generate_private_key(65537, 1024),
        "p384": ec.generate_private_key(ec.SECP384R1()),
    }


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def provider(authority: trustme.CA, signing_keys: dict[str, Key]) -> Iterator[Provider]:
    with running_provider(authority) as provider:
        provider.keys = dict(signing_keys)
        provider.publish("r1", "e1")
        yield provider


@dataclass
class Time:
    """The time in seconds, which the test sets; that of the claims is the real one."""

    now: float = 0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def verifier(provider: Provider, authority: trustme.CA, time: Time) -> TokenVerifier:
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    rules: dict[str, Any] = {"org_claim": "org", "scopes": ["submit", "read"], "scopes_claim": "scope"}
    made = Rules.of({"issuer": provider.issuer, "audience": [AUDIENCE], **rules})
    return TokenVerifier(ProviderKeys(made.issuer, Fetcher(tls), time), made)
