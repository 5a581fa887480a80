"""The API's own name, web pages and CloudFront in the template."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Stack, Validations
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from noukai_infra.app import composed
from noukai_infra.operations.deploy.inventory import Inventory
from noukai_infra.settings import Settings, SettingsError, file_context
from noukai_infra.stack.api.cors import REQUEST_HEADERS
from tests.infra.stack.template import API, NO_BUNDLING, Template

Make = Callable[..., Template]
EU = "arn:aws:acm:eu-central-1:123456789012:certificate/a-1"
US = "arn:aws:acm:us-east-1:123456789012:certificate/a-1"
NAME = {"name": "jobs.acme.com"}
EDGE = {**NAME, "certificate": US}
CORS = {"origins": ["https://app.acme.com", "http://localhost:5173"]}


def added(made: Template, template: Template) -> dict[str, int]:
    """Return the number of further resources by type."""
    names = made.body["Resources"].keys() - template.body["Resources"].keys()
    kinds = [made.body["Resources"][name]["Type"].removeprefix("AWS::") for name in names]
    return {kind: kinds.count(kind) for kind in kinds}


def test_nothing_is_there_by_default(template: Template, template_for: Make) -> None:
    """Without the settings the template is the same to the byte."""
    for word in ("DomainName", "ORIGIN_DIGESTS", "OriginHost", "Route53"):
        assert word not in template.text
    assert "CorsConfiguration" not in template_for(console=False).text
    assert template_for(domain=None, edge=None, cors=None, origin_digests=[]).text == template.text


def test_name_in_a_zone(template: Template, template_for: Make) -> None:
    """The zone validates a certificate and has both records; the default endpoint is off if asked for."""
    made = template_for(domain={**NAME, "zone": "Z1", "default_endpoint": False})
    assert added(made, template) == {
        "ApiGatewayV2::ApiMapping": 1,
        "ApiGatewayV2::DomainName": 1,
        "CertificateManager::Certificate": 1,
        "Route53::RecordSet": 2,
    }
    ((name, domain),) = made.resources("ApiGatewayV2::DomainName").items()
    (configuration,) = domain["Properties"]["DomainNameConfigurations"]
    assert (configuration["EndpointType"], configuration["SecurityPolicy"]) == ("REGIONAL", "TLS_1_2")
    (certificate,) = made.resources("CertificateManager::Certificate").values()
    (validation,) = certificate["Properties"]["DomainValidationOptions"]
    assert validation == {"DomainName": "jobs.acme.com", "HostedZoneId": "Z1"}
    records = [each["Properties"] for each in made.resources("Route53::RecordSet").values()]
    assert sorted(each["Type"] for each in records) == ["A", "AAAA"]
    assert all(name in json.dumps(each["AliasTarget"]) for each in records)
    (api,) = made.resources("ApiGatewayV2::Api").values()
    assert api["Properties"]["DisableExecuteApiEndpoint"] is True
    assert made.body["Outputs"]["Endpoint"]["Value"] == "https://jobs.acme.com/api/v1"
    assert rules_of_buckets(made)[0]["AllowedOrigins"] == ["https://jobs.acme.com"]
    assert Inventory(made.body).unpriced == []


@pytest.mark.parametrize("given", [{"domain": {**NAME, "certificate": EU}}, {"domain_certificate": EU}])
def test_name_in_foreign_dns(template: Template, template_for: Make, given: dict[str, Any]) -> None:
    """The certificate exists before, and an output has the name that the record points to."""
    made = template_for(**{"domain": NAME, **given})
    assert added(made, template) == {"ApiGatewayV2::ApiMapping": 1, "ApiGatewayV2::DomainName": 1}
    assert EU in made.text
    assert "RegionalDomainName" in json.dumps(made.body["Outputs"]["DomainTarget"])
    (api,) = made.resources("ApiGatewayV2::Api").values()
    assert "DisableExecuteApiEndpoint" not in api["Properties"]


def test_stacks_share_a_name(template: Template, template_for: Make) -> None:
    """A stack adds its path to a name that exists already."""
    made = template_for(domain={**NAME, "existing": True, "path": "team-a"})
    assert added(made, template) == {"ApiGatewayV2::ApiMapping": 1}
    (mapping,) = made.resources("ApiGatewayV2::ApiMapping").values()
    assert (mapping["Properties"]["ApiMappingKey"], mapping["Properties"]["DomainName"]) == (
        "team-a",
        "jobs.acme.com",
    )
    assert made.body["Outputs"]["Endpoint"]["Value"] == "https://jobs.acme.com/team-a/api/v1"


def test_pages_may_call_the_api_and_the_bucket(template: Template, template_for: Make) -> None:
    """By exact origins, without credentials; no resource is added."""
    made = template_for(cors=CORS)
    assert added(made, template) == {}
    (api,) = made.resources("ApiGatewayV2::Api").values()
    found = api["Properties"]["CorsConfiguration"]
    assert found["AllowOrigins"] == CORS["origins"]
    assert found["AllowHeaders"] == [*REQUEST_HEADERS]
    assert {"retry-after", "location", "x-request-id", "www-authenticate"} <= {*found["ExposeHeaders"]}
    assert "AllowCredentials" not in found
    (rule,) = rules_of_buckets(template_for(cors=CORS, console=False))
    assert (rule["AllowedOrigins"], rule["AllowedMethods"]) == (CORS["origins"], ["GET", "PUT"])
    (of_pages, of_console) = rules_of_buckets(made)
    assert of_pages == rule
    assert CORS["origins"][0] not in json.dumps(of_console)


def rules_of_buckets(made: Template) -> list[dict[str, Any]]:
    return [
        rule
        for bucket in made.resources("S3::Bucket").values()
        for rule in bucket["Properties"].get("CorsConfiguration", {}).get("CorsRules", [])
    ]


def test_cloudfront_has_its_own_stack(assembly_for: Callable[..., Path], template: Template) -> None:
    """It caches nothing, waits for held requests, and no secret is in a template."""
    digest = "a" * 64
    outdir = assembly_for(edge={**EDGE, "zone": "Z1"}, origin_digests=[digest])
    made, edge = Template.of(outdir), Template((outdir / "noukai-edge.template.json").read_text())
    assert len(made.body["Resources"]) == len(template.body["Resources"])
    assert all(made.functions()[name]["Environment"]["Variables"]["ORIGIN_DIGESTS"] == digest for name in API)
    assert "ORIGIN_DIGESTS" not in made.functions()["worker"]["Environment"]["Variables"]
    assert made.body["Outputs"]["Endpoint"]["Value"] == "https://jobs.acme.com/api/v1"
    assert edge.body["Parameters"]["OriginSecret"]["NoEcho"] is True
    assert "Default" not in edge.body["Parameters"]["OriginSecret"]
    (distribution,) = edge.resources("CloudFront::Distribution").values()
    config = distribution["Properties"]["DistributionConfig"]
    behavior, (origin,) = config["DefaultCacheBehavior"], config["Origins"]
    # CachingDisabled and AllViewerExceptHostHeader:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
    assert behavior["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behavior["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert {*behavior["AllowedMethods"]} >= {"GET", "PUT", "POST", "DELETE", "OPTIONS"}
    assert {each["ErrorCachingMinTTL"] for each in config["CustomErrorResponses"]} == {0}
    assert origin["CustomOriginConfig"]["OriginReadTimeout"] > 30
    assert origin["OriginCustomHeaders"] == [
        {"HeaderName": "x-noukai-origin", "HeaderValue": {"Ref": "OriginSecret"}}
    ]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert len(edge.resources("Route53::RecordSet")) == 2
    # 5 USD for the web ACL and 1 for each of four rules: https://aws.amazon.com/waf/pricing/.
    assert Inventory(edge.body).usd == pytest.approx(9)
    assert not Inventory(edge.body).unpriced


def test_firewall_lets_large_inputs_pass(assembly_for: Callable[..., Path]) -> None:
    """The common rules refuse bodies beyond 8 KB, and any text that looks like an attack."""
    edge = Template((assembly_for(edge=EDGE) / "noukai-edge.template.json").read_text())
    (acl,) = edge.resources("WAFv2::WebACL").values()
    counted = json.dumps([each for each in acl["Properties"]["Rules"] if each["Priority"]])
    assert {name for name in ("SizeRestrictions_BODY", "Log4JRCE_BODY") if name in counted} == {
        "SizeRestrictions_BODY",
        "Log4JRCE_BODY",
    }
    (answer,) = acl["Properties"]["CustomResponseBodies"].values()
    assert json.loads(answer["Content"])["detail"]["code"] == "RATE_LIMITED"


@pytest.mark.parametrize(
    "settings",
    [
        {"edge": EDGE, "cors": CORS},
        {"domain": {**NAME, "zone": "Z1", "path": "a"}},
        {"identity": {"issuer": "https://id.acme.com", "audience": "jobs"}},
    ],
)
def test_checkers_find_nothing(tmp_path: Path, settings: dict[str, Any]) -> None:
    """Neither cdk-nag nor cfn-lint objects; the first does find a queue that takes plain HTTP."""
    with composed(tmp_path, {**file_context(), **NO_BUNDLING, **settings}) as app:
        sqs.Queue(Stack(app, "open"), "Queue")
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        with pytest.raises(RuntimeError) as found:
            app.synth()
    assert set(re.findall(r"^ +(\S+) aws-cdk-lib", str(found.value), re.MULTILINE)) == {"open/Queue/Resource"}
    templates = list(tmp_path.glob("noukai*.template.json"))
    command = [Path(sys.executable).with_name("cfn-lint"), *templates]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"cors": {"origins": ["*"]}}, "would let every page call the API"),
        ({"cors": {"origins": ["null"]}}, "would let every page call the API"),
        ({"cors": {"origins": ["https://*.acme.com"]}}, "would let every page call the API"),
        ({"cors": {"origins": ["https://app.acme.com/"]}}, "without a path"),
        ({"cors": {"origins": ["https://App.acme.com"]}}, "in lower case"),
        ({"cors": {"origins": ["https://app.acme.com:443"]}}, "leave out the scheme's own port"),
        ({"cors": {"origins": ["http://app.acme.com"]}}, "on your own machine only"),
        ({"cors": {"origins": []}}, "at least 1 item"),
        ({"domain": {"name": "jobs"}}, "match pattern"),
        ({"domain": {**NAME, "path": "a/api/v1"}}, "not contain /api/v1"),
        ({"domain": {**NAME, "existing": True, "zone": "Z1"}}, "leave `zone` and `certificate`"),
        ({"domain": {**NAME, "paths": "a"}}, "path"),
        ({"edge": {**NAME, "certificate": EU}}, "match pattern"),
        ({"edge": EDGE, "domain": NAME}, "have `domain` or `edge`"),
    ],
)
def test_invalid_settings_are_refused(settings: dict[str, Any], said: str) -> None:
    """Each message says what is allowed."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_context(settings)
    assert said in str(refused.value)
