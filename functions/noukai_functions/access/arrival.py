"""The way of a request to the functions: the prefix of its path, and whether it came through CloudFront."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from typing import Any

from noukai_functions.names import ORIGIN_HEADER
from noukai_functions.refusals import ForbiddenError
from noukai_wire.routes import BASE_PATH

_KEY = re.compile(r"(/[a-z0-9][a-z0-9-]*)*")
"""The setting `domain.path`."""


def mapping_key(event: Mapping[str, Any]) -> str:
    """Return the path before `BASE_PATH` of a request that came by a name of several APIs.

    The gateway leaves it in `rawPath`, unlike the route key, but its own name of the API has none:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mappings.html
    """
    context = event["requestContext"]
    if str(context.get("domainName", "")).startswith(f"{context.get('apiId')}.execute-api."):
        return ""
    prefix, base, _ = event.get("rawPath", "").partition(f"{BASE_PATH}/")
    # A path such as //evil.org/… would be the address of another host in a redirect.
    return prefix if base and _KEY.fullmatch(prefix) else ""


def with_prefix(body: Mapping[str, Any], prefix: str) -> Mapping[str, Any]:
    """Return an answer whose messages of errors name our paths with the prefix."""
    if not isinstance(detail := body.get("detail"), dict):
        return body
    errors = [_named(each, prefix) for each in detail.get("errors", ())]
    return {**body, "detail": {**_named(detail, prefix), **({"errors": errors} if errors else {})}}


def _named(part: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    message = str(part.get("message", "")).replace(f" {BASE_PATH}/", f" {prefix}{BASE_PATH}/")
    return {**part, "message": message}


def check_origin(event: Mapping[str, Any], accepted: Sequence[str]) -> None:
    """Refuse a request without the secret that CloudFront adds to each.

    `accepted` are the SHA-256 of the secrets: two during a rotation. All are compared, in constant time.
    """
    shown = (event.get("headers") or {}).get(ORIGIN_HEADER, "")
    digest = hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()
    is_right = False
    for each in accepted:
        is_right |= hmac.compare_digest(digest, each)
    if not is_right:
        raise ForbiddenError(
            "This API is not called by this name: use the base URL that its operator names, which leads "
            "through CloudFront."
        )
