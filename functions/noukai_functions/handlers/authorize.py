"""The gateway's authorizer: it verifies tokens of an identity provider, and passes on what they say.

It lets every request in: the functions answer, so that a refusal has the contract's shape.
"""

import json
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from noukai_functions.identity.tokens import TokenVerifier

_OWN = ("nk_", "nt_")
"""The beginnings of keys and browser tokens, which the functions check."""


@cache
def _verifier() -> "TokenVerifier":
    # A process that sees only keys imports no cryptography.
    import ssl  # noqa: PLC0415
    import time  # noqa: PLC0415

    from noukai_functions.identity.provider import Fetcher, ProviderKeys  # noqa: PLC0415
    from noukai_functions.identity.rules import Rules  # noqa: PLC0415
    from noukai_functions.identity.tokens import TokenVerifier  # noqa: PLC0415

    rules = Rules.of(json.loads(os.environ["IDENTITY"]))
    fetch = Fetcher(ssl.create_default_context())
    return TokenVerifier(ProviderKeys(rules.issuer, fetch, time.time), rules)


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """Answer the gateway, which caches this by the header: nothing else of the request may matter."""
    scheme, _, shown = event["identitySource"][0].partition(" ")
    shown = shown.strip(" ")
    if scheme.lower() != "bearer" or not shown or shown.startswith(_OWN):
        return {"isAuthorized": True, "context": {}}
    return {"isAuthorized": True, "context": _verifier().context(shown)}
