"""The API's own name, pages of other origins, and CloudFront."""

import httpx

from noukai_infra.settings.addresses.edge import ORIGIN_HOST
from noukai_infra.verify.check import CheckSkippedError, Saw, check, expect, require
from noukai_infra.verify.deployed import Deployed
from noukai_wire.limits import MAX_BODY_BYTES
from noukai_wire.routes import BASE_PATH, Route


def _origin(deployed: Deployed) -> str:
    """Return an origin that the API allows; skip the check if there is none."""
    (api,) = deployed.resources("AWS::ApiGatewayV2::Api")
    found = deployed.session.client("apigatewayv2").get_api(ApiId=api).get("CorsConfiguration", {})
    if not found.get("AllowOrigins"):
        raise CheckSkippedError("the setting `cors` is not used")
    origin: str = found["AllowOrigins"][0]
    return origin


@check(
    "A page of an allowed origin reads answers and errors; the gateway answers its preflights.", on_aws=True
)
def page(deployed: Deployed, saw: Saw) -> None:
    origin = _origin(deployed)
    asked = {"Origin": origin, "Access-Control-Request-Method": "GET"}
    answers = {
        "preflight": deployed.api.options(Route.FLOWS.template, headers=asked),
        "answer": deployed.api.get(Route.FLOWS.template, headers={"Origin": origin}),
        "401": httpx.get(f"{deployed.outputs['Endpoint']}{Route.FLOWS.template}", headers={"Origin": origin}),
        "413": deployed.api.post(
            Route.STATUSES.template, content=b" " * (MAX_BODY_BYTES + 1), headers={"Origin": origin}
        ),
        "404": deployed.api.get("/nowhere", headers={"Origin": origin}),
    }
    allowed = {name: each.headers.get("access-control-allow-origin") for name, each in answers.items()}
    saw({name: (each.status_code, allowed[name]) for name, each in answers.items()})
    expect(set(allowed.values()), {origin})


@check("A page of another origin reads nothing.", on_aws=True)
def other_page(deployed: Deployed, saw: Saw) -> None:
    _origin(deployed)
    answer = deployed.api.get(Route.HEALTH.template, headers={"Origin": "https://other.example"})
    saw(dict(answer.headers))
    require("access-control-allow-origin" not in answer.headers, "no Access-Control-Allow-Origin")


@check("Links of an API that is mapped to a path have that path.", on_aws=True)
def mapped_path(deployed: Deployed, saw: Saw) -> None:
    path = httpx.URL(deployed.outputs["Endpoint"]).path
    if path == BASE_PATH:
        raise CheckSkippedError("the setting `domain.path` is not used")
    servers = deployed.api.get(Route.OPENAPI.template).raise_for_status().json()["servers"]
    saw(servers)
    expect(servers, [{"url": path}])


@check("Only requests through CloudFront are answered.", on_aws=True)
def direct_call(deployed: Deployed, saw: Saw) -> None:
    if ORIGIN_HOST not in deployed.outputs:
        raise CheckSkippedError("the setting `edge` is not used")
    direct = f"https://{deployed.outputs[ORIGIN_HOST]}{BASE_PATH}{Route.HEALTH.template}"
    found = (httpx.get(direct).status_code, deployed.api.get(Route.HEALTH.template).status_code)
    saw(f"direct {found[0]}, through CloudFront {found[1]}")
    expect(found, (403, 200))


@check("The authorizer runs, and a token that the identity provider has not signed is refused.", on_aws=True)
def token_of_a_stranger(deployed: Deployed, saw: Saw) -> None:
    if not deployed.resources("AWS::ApiGatewayV2::Authorizer"):
        raise CheckSkippedError("the setting `identity` is not used")
    url = f"{deployed.outputs['Endpoint']}{Route.FLOWS.template}"
    answers = [
        httpx.get(url, headers={"Authorization": "Bearer eyJ.x.y"}),
        httpx.get(url),
        deployed.api.get(Route.FLOWS.template),
    ]
    saw([(each.status_code, each.text[:200]) for each in answers])
    expect([each.status_code for each in answers], [401, 401, 200])
    require("detail" in answers[0].json(), "the answer of our functions to the token")
