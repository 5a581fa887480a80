"""The gateway's authorizer, which verifies the tokens of an identity provider."""

import json
from dataclasses import asdict

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk.aws_apigatewayv2_authorizers import HttpLambdaAuthorizer, HttpLambdaResponseType
from constructs import Construct

from noukai_infra.settings import Identity, Settings
from noukai_infra.stack.base.function import JobFunction
from noukai_wire.routes import Route

IDENTITY = "IDENTITY"
"""The variable with the authorizer's settings; the API's functions believe the authorizer if they have it."""

_MEMORY = 512
"""In MB: it has a third of a processor, with which the import of the cryptography takes half a second."""

_TIMEOUT = 9
"""In seconds: two reads of at most three, and less than the ten that the gateway waits for an authorizer.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""

_CACHED = Duration.seconds(60)
"""As long as the functions believe a key. They check a token's own end at each request."""


def add_authorizer(
    scope: Construct, identity: Identity, settings: Settings, code: lambda_.Code
) -> HttpLambdaAuthorizer:
    """Return the authorizer of an API, with its function, whose role may only write its log.

    The gateway caches its answers by the header, and answers a request without one itself.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
    """
    function = JobFunction(
        scope,
        "Authorize",
        entry="authorize",
        code=code,
        settings=settings,
        memory=_MEMORY,
        timeout=_TIMEOUT,
        environment={IDENTITY: json.dumps(asdict(identity))},
    )
    return HttpLambdaAuthorizer(
        "Authorizer",
        function.live,
        authorizer_name="identity",
        response_types=[HttpLambdaResponseType.SIMPLE],
        identity_source=["$request.header.Authorization"],
        results_cache_ttl=_CACHED,
    )


def is_authorized(key: str) -> bool:
    """Return whether the authorizer answers for a route: for those that need a scope or a key.

    The default route has none, since it also answers `OPTIONS`:
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """
    return any(key in route.keys for route in Route if route not in (Route.HEALTH, Route.OPENAPI))
