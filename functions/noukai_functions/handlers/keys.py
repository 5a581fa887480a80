"""The handler of an org's own keys, which no other function of the API writes, and of browser tokens."""

from collections.abc import Callable, Mapping
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.access.own_keys import OwnKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.requests.access.keys import KeyBody
from noukai_functions.requests.access.tokens import parse_wanted, token_of
from noukai_functions.timestamps import timestamp
from noukai_wire.routes import Route

_ID_LENGTH = 12


def keys(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Answer a request about keys."""
    request.know_query()
    return _BY_ROUTE[request.route](request, api_key, deployment)


def _list(_request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    return Response({"keys": [_view(key) for key in deployment.own_keys.list(api_key)]})


def _make(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    wanted = KeyBody(request.body, deployment.clock.now())
    if wanted.rotates:
        key, text = deployment.own_keys.rotate(api_key, wanted.name, wanted.overlap_seconds)
        _audit("rotate_key", key.name, request, api_key, deployment)
    else:
        key, text = deployment.own_keys.create(api_key, wanted.name, wanted.wanted)
        _audit("create_key", key.name, request, api_key, deployment)
    return Response({**_view(key), "key": text}, 201)


def _revoke(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    name = request.path["name"]
    deployment.own_keys.revoke(api_key, name)
    _audit("revoke_key", name, request, api_key, deployment)
    return Response({}, 204)


def _make_token(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    wanted, now = parse_wanted(request.body), deployment.clock.now()

    def find(job_id: str) -> object:
        return deployment.lookup.find({"id": job_id}, api_key)

    token = token_of(wanted, api_key, deployment.catalog.flows, find, now)
    text, expires_at = deployment.browser_tokens.make(token), timestamp(token.expires * 1000)
    if deployment.audit_log:
        about = {"target": token.target, "origin": token.origin, "scopes": sorted(token.scopes)}
        deployment.audit_log.write("make_token", api_key, request.id, now, **about, expires_at=expires_at)
    return Response({"token": text, "expiresAt": expires_at}, 201)


def _view(key: OwnKey) -> dict[str, Any]:
    limits = key.limits
    fields = {
        "name": key.name,
        "id": key.hash[:_ID_LENGTH],
        "scopes": sorted(limits.scopes),
        "flows": sorted(limits.flows) or None,
        "addresses": sorted(limits.addresses) or None,
        "rate": limits.rate,
        "createdAt": timestamp(key.created * 1000),
        "expiresAt": None if limits.expires is None else timestamp(limits.expires * 1000),
        "lastUsedOn": None if key.used is None else timestamp(key.used * 1000)[:10],
        "revokedAt": None if key.revoked is None else timestamp(key.revoked * 1000),
        "madeBy": key.made_by,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _audit(action: str, name: str, request: Request, api_key: ApiKey, deployment: Deployment) -> None:
    if deployment.audit_log:
        now = deployment.clock.now()
        deployment.audit_log.write(action, api_key, request.id, now, made_key=name)


_BY_ROUTE: Mapping[str, Callable[[Request, ApiKey, Deployment], Response]] = {
    Route.LIST_KEYS.key: _list,
    Route.CREATE_KEY.key: _make,
    Route.REVOKE_KEY.key: _revoke,
    Route.MAKE_TOKEN.key: _make_token,
}

handler = Endpoint(keys, deployed)
get_ready(lambda made: (made.api_keys, made.own_keys))
