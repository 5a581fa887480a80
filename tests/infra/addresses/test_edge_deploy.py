"""A deployment behind CloudFront from its deploy to its deletion, on an emulator of AWS.

The emulator keeps distributions and web ACLs, but passes no request on. What CloudFront does with one is a
model of its rules:
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from noukai_functions.names import ORIGIN_HEADER
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.endpoint import REGION
from noukai_wire.routes import BASE_PATH

SETTINGS = """
flows = "flows"

[edge]
name = "jobs.acme.com"
certificate = "arn:aws:acm:us-east-1:000000000000:certificate/a-1"
"""
FLOW = (
    "from noukai.flow import flow\n\n\n@flow\ndef shout(message: str) -> str:\n    return message.upper()\n"
)


@dataclass
class Site:
    """A team's repository, and the emulator that it is deployed to."""

    folder: Path
    emulator: Emulator

    def operate(self, *arguments: str) -> str:
        """Run a command of the operator; return what it prints."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environ = {
            **own,
            **self.emulator.endpoint.environment,
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "CI": "true",
            "SSL_CERT_FILE": str(self.emulator.endpoint.authority),
        }
        command = [sys.executable, "-m", "noukai_infra", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def deploy(self, *options: str) -> str:
        output = ("--output", str(self.folder / "cdk.out"))
        return self.operate("deploy", "--org", "acme", "-c", "platform=host", *output, *options)

    @property
    def config(self) -> dict[str, Any]:
        """Return the configuration of the only distribution."""
        cloudfront: Any = self.emulator.endpoint.client("cloudfront")
        (found,) = cloudfront.list_distributions()["DistributionList"]["Items"]
        config: dict[str, Any] = cloudfront.get_distribution_config(Id=found["Id"])["DistributionConfig"]
        return config

    def ask(self, path: str, **headers: str) -> httpx.Response:
        """Call the API by the gateway's own name."""
        (api,) = self.emulator.endpoint.client("apigatewayv2").get_apis()["Items"]
        url = f"{self.emulator.endpoint.url}/_aws/execute-api/{api['ApiId']}/$default{BASE_PATH}{path}"
        return httpx.get(url, headers=headers, verify=self.emulator.endpoint.trust(), timeout=60)

    def ask_cloudfront(self, path: str, viewer: str = "192.0.2.7", **headers: str) -> httpx.Response:
        """Call the API as the distribution does for a viewer.

        Its own headers replace the viewer's of the same names, and it appends the viewer's address.
        """
        (origin,) = self.config["Origins"]["Items"]
        added = {each["HeaderName"]: each["HeaderValue"] for each in origin["CustomHeaders"]["Items"]}
        passed = {name: value for name, value in headers.items() if name.lower() not in added}
        before = passed.pop("X-Forwarded-For", None)
        passed["X-Forwarded-For"] = viewer if before is None else f"{before}, {viewer}"
        return self.ask(path, **passed, **added)


@pytest.fixture
def site(emulator: Emulator, tmp_path: Path) -> Site:
    folder = tmp_path / "team"
    (folder / "flows").mkdir(parents=True)
    (folder / "flows" / "texts.py").write_text(FLOW)
    (folder / "noukai.toml").write_text(SETTINGS)
    return Site(folder, emulator)


def test_api_behind_cloudfront_is_deployed_called_and_taken_away(site: Site) -> None:
    """Requests need the secret at once, and what the distribution adds is it; nothing is left in the end."""
    said = site.deploy()
    assert re.search(r"^Endpoint: https://jobs\.acme\.com/api/v1$", said, re.MULTILINE)
    assert "CloudFront: " in said
    assert site.config["WebACLId"]
    for headers in ({}, {ORIGIN_HEADER: ""}, {ORIGIN_HEADER: "guessed"}):
        refused = site.ask("/healthz", **headers)
        assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "FORBIDDEN")
    assert site.ask_cloudfront("/healthz").status_code == 200
    assert site.ask_cloudfront("/healthz", **{ORIGIN_HEADER: "guessed"}).status_code == 200

    assert_keys_hold_to_the_callers_address(site)
    assert_secret_is_rotated_with_an_overlap(site)

    site.operate("destroy", "--output", str(site.folder / "cdk.out"))
    assert_nothing_is_left(site.emulator)


def assert_keys_hold_to_the_callers_address(site: Site) -> None:
    """Assert that a range is that of the viewer, who cannot claim another address."""
    made = site.operate("keys", "create", "--org", "acme", "--address", "192.0.2.0/24", "office")
    key = {"Authorization": f"Bearer {made.strip()}"}
    assert site.ask_cloudfront("/flows", **key).status_code == 200
    forged = {**key, "X-Forwarded-For": "192.0.2.9", "CloudFront-Viewer-Address": "192.0.2.9:443"}
    assert site.ask_cloudfront("/flows", viewer="198.51.100.1", **forged).status_code == 403


def assert_secret_is_rotated_with_an_overlap(site: Site) -> None:
    """Assert that the functions accept both secrets; `test_addresses.py` shows the end of the former one."""

    def shown(secret: str) -> int:
        return site.ask("/healthz", **{ORIGIN_HEADER: secret}).status_code

    def sent() -> str:
        (header,) = site.config["Origins"]["Items"][0]["CustomHeaders"]["Items"]
        return str(header["HeaderValue"])

    old = sent()
    site.deploy("--new-origin-secret")
    new = sent()
    assert new != old
    assert (shown(old), shown(new)) == (200, 200)
    for stack in ("noukai", "noukai-edge"):
        cloudformation: Any = site.emulator.endpoint.client("cloudformation")
        template = str(cloudformation.get_template(StackName=stack)["TemplateBody"])
        assert new not in template
        assert (sha256(new.encode()).hexdigest() in template) is (stack == "noukai")


def assert_nothing_is_left(emulator: Emulator) -> None:
    """Assert that the stacks, the distribution, the firewall and the secrets are gone."""
    endpoint = emulator.endpoint
    cloudfront: Any = endpoint.client("cloudfront")
    assert cloudfront.list_distributions()["DistributionList"].get("Items", []) == []
    assert endpoint.client("wafv2").list_web_acls(Scope="CLOUDFRONT")["WebACLs"] == []
    assert endpoint.client("lambda").list_functions()["Functions"] == []
    names = [each["Name"] for each in endpoint.client("ssm").describe_parameters()["Parameters"]]
    assert not [name for name in names if name.startswith("/noukai/")]
    stacks: Any = endpoint.client("cloudformation").list_stacks()["StackSummaries"]
    assert not [
        each["StackName"]
        for each in stacks
        if each["StackName"].startswith("noukai") and each["StackStatus"] != "DELETE_COMPLETE"
    ]
