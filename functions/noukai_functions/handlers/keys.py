"""The handler of the keys that an org makes for itself; no other function of the API writes keys."""

from collections.abc import Callable, Mapping
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.access.own_keys import OwnKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.requests.key_bodies import KeyBody
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
}

handler = Endpoint(keys, deployed)
get_ready(lambda made: (made.api_keys, made.own_keys))
