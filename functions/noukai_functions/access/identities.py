"""The callers that the gateway's authorizer has identified by a token of an identity provider."""

import hashlib
import hmac
from collections.abc import Mapping

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.refusals import ProviderUnavailableError, UnidentifiedError


def key_of_identity(stated: Mapping[str, str] | None, shown: str, now_ms: int) -> ApiKey:
    """Return what a token allows, as a key; refuse one that the authorizer refused, or that has expired.

    `stated` is the authorizer's context, which the gateway may have cached. It must name the token that the
    request shows: two tokens never share an answer, however the gateway finds one in its cache.
    """
    if not stated or "error" in stated:
        is_unavailable = stated and stated["error"] == "unavailable"
        raise ProviderUnavailableError if is_unavailable else UnidentifiedError
    expires = int(stated["expires"])
    digest = hashlib.sha256(shown.strip(" ").encode("utf-8", "surrogatepass")).hexdigest()
    if expires * 1000 <= now_ms or not hmac.compare_digest(digest, stated["token"]):
        raise UnidentifiedError
    org, name = stated["org"], stated["name"]
    own = hashlib.sha256(f"identity\n{org}\n{name}".encode()).hexdigest()
    scopes, flows = (frozenset(stated.get(part, "").split()) for part in ("scopes", "flows"))
    return ApiKey(org, scopes, own, name=name, flows=flows, expires=expires, counter=own)
