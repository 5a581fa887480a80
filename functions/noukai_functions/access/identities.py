"""The callers that the gateway's authorizer has identified by a token of an identity provider."""

import hashlib
from collections.abc import Mapping

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.refusals import ProviderUnavailableError, UnidentifiedError


def key_of_identity(stated: Mapping[str, str] | None, now_ms: int) -> ApiKey:
    """Return what a token allows, as a key; refuse one that the authorizer refused, or that has expired.

    `stated` is the authorizer's context, which the gateway may have cached.
    """
    if not stated or "error" in stated:
        is_unavailable = stated and stated["error"] == "unavailable"
        raise ProviderUnavailableError if is_unavailable else UnidentifiedError
    expires = int(stated["expires"])
    if expires * 1000 <= now_ms:
        raise UnidentifiedError
    org, name = stated["org"], stated["name"]
    digest = hashlib.sha256(f"identity\n{org}\n{name}".encode()).hexdigest()
    scopes, flows = (frozenset(stated.get(part, "").split()) for part in ("scopes", "flows"))
    return ApiKey(org, scopes, digest, name=name, flows=flows, expires=expires, counter=digest)
