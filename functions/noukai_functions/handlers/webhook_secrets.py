"""The handler that makes webhook endpoints and rotates their secrets: only its answers show one."""

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.api.webhooks import webhook
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.handlers.webhooks import note
from noukai_functions.init_phase import get_ready
from noukai_functions.refusals import WebhookNotFoundError
from noukai_functions.requests.hooks.bodies import parse_rotation, parse_settings
from noukai_wire.routes import Route
from noukai_wire.slug import is_slug


def webhook_secrets(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Make or change an endpoint, or rotate its secret."""
    request.know_query()
    name = request.path["name"]
    if not is_slug(name):
        raise WebhookNotFoundError(name)
    if request.route == Route.PUT_WEBHOOK.key:
        return _put(request, api_key, deployment, name)
    deployment.webhook_endpoints.read(api_key.org, name)
    revoke = parse_rotation(request.body)
    endpoint, secret = deployment.webhook_endpoints.rotate(api_key.org, name, revoke=revoke)
    note(request, api_key, deployment, "rotate_webhook", revoke=revoke)
    return Response(webhook(endpoint, deployment.clock.now(), secret))


def _put(request: Request, api_key: ApiKey, deployment: Deployment, name: str) -> Response:
    wanted = parse_settings(request.body, deployment.catalog.flows)
    endpoint, secret = deployment.webhook_endpoints.put(api_key.org, name, wanted)
    note(request, api_key, deployment, "put_webhook")
    status = 200 if secret is None else 201
    return Response(webhook(endpoint, deployment.clock.now(), secret), status)


handler = Endpoint(webhook_secrets, deployed)
get_ready(lambda made: (made.api_keys, made.catalog, made.webhook_endpoints))
