"""The handler of an org's webhook endpoints, but for those requests that show a secret."""

from collections.abc import Callable, Mapping

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.webhooks import webhook, webhook_delivery
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.requests.hooks.bodies import cursor_of, parse_redelivery, place_of
from noukai_functions.timestamps import timestamp
from noukai_functions.webhooks.sending.message import body_of
from noukai_wire.limits import DEFAULT_LIST_LIMIT, MAX_LIST_LIMIT
from noukai_wire.routes import Route


def webhooks(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Answer a request about webhook endpoints."""
    return _ANSWERS[request.route](request, api_key, deployment)


def _list(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    request.know_query()
    now = deployment.clock.now()
    found = deployment.endpoints.of_org(api_key.org)
    return Response({"webhooks": [webhook(endpoint, now) for endpoint in found]})


def _show(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    request.know_query()
    endpoint = deployment.webhook_endpoints.read(api_key.org, request.path["name"])
    return Response(webhook(endpoint, deployment.clock.now()))


def _delete(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    request.know_query()
    name = request.path["name"]
    deployment.webhook_endpoints.delete(api_key.org, name)
    note(request, api_key, deployment, "delete_webhook")
    return Response({}, 204)


def _test(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    request.know_query()
    endpoint = deployment.webhook_endpoints.read(api_key.org, request.path["name"])

    def body(at: int) -> str:
        return body_of("webhook.test", timestamp(at), {"webhook": endpoint.name})

    return Response({"id": deployment.webhook_deliveries.test(endpoint, body)}, 202)


def _deliveries(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    request.know_query("limit", "cursor")
    endpoint = deployment.webhook_endpoints.read(api_key.org, request.path["name"])
    most = request.whole_number("limit", default=DEFAULT_LIST_LIMIT, least=1, most=MAX_LIST_LIMIT)
    before = place_of(request.query["cursor"]) if "cursor" in request.query else None
    found, end = deployment.webhook_deliveries.page(endpoint, before, most)
    more = {} if end is None else {"cursor": cursor_of(end)}
    return Response({"deliveries": [webhook_delivery(each) for each in found], **more})


def _redeliver(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    request.know_query()
    endpoint = deployment.webhook_endpoints.read(api_key.org, request.path["name"])
    since, after = parse_redelivery(request.body)
    count, end = deployment.webhook_deliveries.redeliver(endpoint, since, after)
    if count:
        note(request, api_key, deployment, "redeliver", events=count)
    more = {} if end is None else {"cursor": cursor_of(end)}
    return Response({"redelivered": count, **more}, 202)


def note(request: Request, api_key: ApiKey, deployment: Deployment, action: str, **about: object) -> None:
    """Write the audit log's line about an endpoint."""
    if deployment.audit_log:
        named = {"webhook": request.path["name"], **about}
        deployment.audit_log.write(action, api_key, request.id, deployment.clock.now(), **named)


_ANSWERS: Mapping[str, Callable[[Request, ApiKey, Deployment], Response]] = {
    Route.LIST_WEBHOOKS.key: _list,
    Route.WEBHOOK.key: _show,
    Route.DELETE_WEBHOOK.key: _delete,
    Route.TEST_WEBHOOK.key: _test,
    Route.WEBHOOK_DELIVERIES.key: _deliveries,
    Route.REDELIVER.key: _redeliver,
}

handler = Endpoint(webhooks, deployed)
get_ready(lambda made: (made.api_keys, made.webhook_endpoints))
"""The secrets of endpoints are out of this function's reach."""
