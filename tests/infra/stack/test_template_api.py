"""The API in the template: its routes, its stage and its answers."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

import pytest

from noukai_wire.routes import Route
from tests.infra.stack.template import API, Template

HANDLERS = {
    Route.SUBMIT.key: "submit",
    Route.SUBMIT_VERSION.key: "submit",
    Route.SUBMIT_JOBS.key: "submit_jobs",
    Route.UPLOAD.key: "upload",
    Route.EXECUTE.key: "execute",
    Route.EXECUTE_VERSION.key: "execute",
    Route.STATUS.key: "status",
    Route.STATUS_BY_ID.key: "status",
    Route.STATUSES.key: "statuses",
    Route.WAIT.key: "wait",
    Route.WAIT_BY_ID.key: "wait",
    Route.LOGS.key: "logs",
    Route.LOGS_BY_ID.key: "logs",
    Route.TRACE.key: "trace",
    Route.STEP_TRACE.key: "trace",
    Route.TRACE_STREAM.key: "trace",
    Route.EVENTS.key: "events",
    Route.EVENTS_BY_ID.key: "events",
    Route.INPUT.key: "events",
    Route.INPUT_BY_ID.key: "events",
    Route.CANCEL.key: "cancel",
    Route.CANCEL_BY_ID.key: "cancel",
    Route.RETRY.key: "retry",
    Route.RETRY_BY_ID.key: "retry",
    Route.CANCEL_JOBS.key: "cancel_jobs",
    Route.LIST_JOBS.key: "list_jobs",
    Route.LIST_PROJECT.key: "list_jobs",
    Route.LIST_ORG.key: "list_jobs",
    **{route.key: "schedules" for route in Route if "/schedules" in route.template},
    **{route.key: "webhooks" for route in Route if "/webhooks" in route.template},
    **dict.fromkeys((Route.PUT_WEBHOOK.key, Route.ROTATE_WEBHOOK.key), "webhook_secrets"),
    **{route.key: "keys" for route in Route if "/keys" in route.template},
    Route.MAKE_TOKEN.key: "keys",
    Route.USAGE.key: "usage",
    Route.SYSTEM_HEALTH.key: "usage",
    Route.FLOWS.key: "describe",
    Route.OPENAPI.key: "describe",
    Route.HEALTH.key: "describe",
    "$default": "describe",
}
"""The function of each route of the contract."""


def test_every_route_of_the_contract_reaches_its_function(template: Template) -> None:
    """Each route has its function, and whatever matches none is answered by ours, too."""
    # Where GET is, HEAD is too.
    heads = {
        key.replace("GET", "HEAD", 1): entry for key, entry in HANDLERS.items() if key.startswith("GET ")
    }
    functions = {template.named(handler): handler for handler in API}
    found = {}
    for route in template.resources("ApiGatewayV2::Route").values():
        integration = template.properties(route["Properties"]["Target"]["Fn::Join"][1][1]["Ref"])
        found[route["Properties"]["RouteKey"]] = functions[
            template.function_behind(integration["IntegrationUri"])
        ]
        assert integration["PayloadFormatVersion"] == "2.0"
    assert found == HANDLERS | heads
    assert {route.key for route in Route} <= found.keys()


def gateway_permissions(template: Template) -> list[dict[str, Any]]:
    """Return each permission of the gateway to invoke a function."""
    every = [each["Properties"] for each in template.resources("Lambda::Permission").values()]
    return [each for each in every if each["Principal"] == "apigateway.amazonaws.com"]


def test_gateway_may_call_the_functions_that_answer(template: Template) -> None:
    """Each of them, and only for this API."""
    permissions = gateway_permissions(template)
    assert {template.function_behind(each["FunctionName"]) for each in permissions} == {
        template.named(each) for each in API
    }
    api, _ = template.named_resource("ApiGatewayV2::Api", "Api")
    assert all({"Ref": api} in each["SourceArn"]["Fn::Join"][1] for each in permissions)


def gateway_arn(route_key: str) -> str:
    """Return the source ARN with which the gateway of an HTTP API invokes a route's function.

    A route has a method and its path as declared; `$default` has neither, and comes right after the stage.
    Source: "Invalid Lambda Permission generated for HTTP API $default routes",
    aws/serverless-application-model, issue 1860.
    """
    at = route_key.replace(" ", "", 1) if " " in route_key else route_key
    return f"arn:aws:execute-api:us-east-1:123456789012:api/$default/{at}"


def is_allowed(source_arn: str, permission: dict[str, Any]) -> bool:
    """Return whether a permission matches: a `*` stands for any characters, slashes and colons among them.

    Source: https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html: Lambda compares with
    StringLike.
    """
    known = {"AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::AccountId": "123456789012"}
    parts = permission["SourceArn"]["Fn::Join"][1]
    pattern = "".join(part if isinstance(part, str) else known.get(part["Ref"], "api") for part in parts)
    return fnmatchcase(source_arn, pattern)


def test_every_route_may_invoke_its_function(template: Template) -> None:
    """Else the gateway answers 500 itself; it names a route to Lambda as the route is declared."""
    permissions = gateway_permissions(template)
    for route in template.resources("ApiGatewayV2::Route").values():
        integration = template.properties(route["Properties"]["Target"]["Fn::Join"][1][1]["Ref"])
        arn = gateway_arn(route["Properties"]["RouteKey"])
        matching = [each["FunctionName"] for each in permissions if is_allowed(arn, each)]
        assert integration["IntegrationUri"] in matching, arn


def test_stage_is_the_default_one_and_is_throttled(template: Template) -> None:
    """A path has no stage in front, a deploy is live at once, and a flood is refused by the gateway."""
    (stage,) = (each["Properties"] for each in template.resources("ApiGatewayV2::Stage").values())
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000}


@pytest.mark.parametrize("handler", API)
def test_function_answers_before_the_gateway_gives_up(template: Template, handler: str) -> None:
    """A held request of 25 s fits in as well."""
    assert 25 < template.functions()[handler]["Timeout"] < 30


def test_share_of_held_requests_is_a_setting_and_off_by_default(
    template: Template, template_for: Callable[..., Template]
) -> None:
    """Only what holds can be bounded, each kind by its own share."""
    assert not any("ReservedConcurrentExecutions" in each for each in template.functions().values())
    functions = template_for(wait_reserved_concurrency=7, execute_reserved_concurrency=3).functions()
    reserved = {name: each.get("ReservedConcurrentExecutions") for name, each in functions.items()}
    assert {name: share for name, share in reserved.items() if share} == {"wait": 7, "execute": 3}
