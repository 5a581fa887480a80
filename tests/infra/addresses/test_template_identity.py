"""The authorizer of an identity provider in the template."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.settings import Settings, SettingsError
from noukai_wire.routes import DEFAULT_ROUTE
from tests.infra.addresses.test_template_domain import added
from tests.infra.stack.template import API, ENTRIES, Template

Make = Callable[..., Template]
GIVEN = {"issuer": "https://acme.eu.auth0.com/", "audience": "https://jobs.acme.com"}


@pytest.fixture(scope="module")
def made(template_for: Make) -> Template:
    return template_for(identity=GIVEN)


def test_nothing_is_there_by_default(template: Template, template_for: Make) -> None:
    """Without the setting the template is the same to the byte."""
    for word in ("Authorizer", "IDENTITY", "authorize"):
        assert word not in template.text
    assert template_for(identity=None).text == template.text


def test_setting_adds_a_function_and_an_authorizer(made: Template, template: Template) -> None:
    assert added(made, template) == {
        "ApiGatewayV2::Authorizer": 1,
        "IAM::Policy": 1,
        "IAM::Role": 1,
        "Lambda::Alias": 1,
        "Lambda::Function": 1,
        "Lambda::Permission": 1,
        "Lambda::Version": len(API) + 1,
        "Logs::LogGroup": 1,
    }
    assert Inventory(made.body).unpriced == []


def test_gateway_caches_an_answer_for_a_minute_by_the_header(made: Template) -> None:
    """The answer depends on the header alone, and a revocation takes as long for a key."""
    ((_, authorizer),) = made.resources("ApiGatewayV2::Authorizer").items()
    properties = authorizer["Properties"]
    assert properties["AuthorizerResultTtlInSeconds"] == 60
    assert properties["IdentitySource"] == ["$request.header.Authorization"]
    assert properties["AuthorizerPayloadFormatVersion"] == "2.0"
    assert properties["EnableSimpleResponses"] is True
    assert properties["AuthorizerType"] == "REQUEST"


def test_routes_that_need_no_header_have_no_authorizer(made: Template) -> None:
    """The gateway would answer them 401 itself; the default route answers `OPTIONS`, too."""
    routes = [each["Properties"] for each in made.resources("ApiGatewayV2::Route").values()]
    open_to_all = {each["RouteKey"] for each in routes if each["AuthorizationType"] == "NONE"}
    paths = ("/api/v1/healthz", "/api/v1/openapi.json")
    assert open_to_all == {
        DEFAULT_ROUTE,
        *(f"{method} {path}" for method in ("GET", "HEAD") for path in paths),
    }
    assert all(
        ("AuthorizerId" in each) is (each["RouteKey"] not in open_to_all)
        and each["AuthorizationType"] in ("NONE", "CUSTOM")
        for each in routes
    )


def test_authorizer_knows_the_rules_and_may_only_write_its_log(made: Template) -> None:
    function = made.functions()["authorize"]
    assert json.loads(function["Environment"]["Variables"]["IDENTITY"]) == {
        **GIVEN,
        "audience": [GIVEN["audience"]],
        "org_claim": "org",
        "scopes": ["submit", "read"],
        "scopes_claim": None,
        "scopes_prefix": "",
        "flows_claim": None,
    }
    assert {action for action, _ in made.rights("authorize")} == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }
    assert function["Timeout"] < 10
    named = json.dumps(function["Environment"])
    assert not any(word in named for word in ("TABLE", "QUEUE", "BUCKET", "SECRET"))


@pytest.mark.parametrize(
    "settings",
    [
        {"identity": GIVEN},
        {"domain": {"name": "jobs.acme.com", "zone": "Z1"}, "cors": {"origins": ["https://app.acme.com"]}},
        {
            "edge": {
                "name": "jobs.acme.com",
                "certificate": "arn:aws:acm:us-east-1:123456789012:certificate/a-1",
            },
            "origin_digests": ["a" * 64],
        },
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_no_function_gets_further_rights(
    template: Template, template_for: Make, settings: dict[str, Any]
) -> None:
    """So what the scenarios of the roles show of the default template holds with each of the settings."""
    made = template_for(**settings)
    assert made.functions().keys() - template.functions().keys() <= {"authorize"}
    for name in ENTRIES:
        assert sorted(map(str, made.rights(name))) == sorted(map(str, template.rights(name)))


def test_functions_of_the_api_alone_believe_it(made: Template) -> None:
    believing = {
        name
        for name, each in made.functions().items()
        if each["Environment"]["Variables"].get("IDENTITY") == "on"
    }
    assert believing == set(API)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": "http://acme.example"}, "HTTPS URL"),
        ({"issuer": "https://user@acme.example"}, "HTTPS URL"),
        ({"issuer": "https://acme.example/?a=b"}, "HTTPS URL"),
        ({"issuer": "acme"}, "HTTPS URL"),
        ({"audience": []}, "identity.audience"),
        ({"scopes": ["write"]}, "identity.scopes"),
        ({"scopes": []}, "identity.scopes"),
        ({"scopes_prefix": "api/"}, "scopes_claim"),
        ({"org_clam": "org"}, "org_claim"),
    ],
)
def test_wrong_settings_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.from_context({"identity": {**GIVEN, **changes}})
