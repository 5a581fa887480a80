"""The doctor's checks of the machine and the account, in broken environments."""

import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Event, Thread

import boto3
import pytest

from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.planning.limits import GATEWAY_RATE
from noukai_infra.repository.doctor import machine, place, quotas
from noukai_infra.repository.doctor.finding import Finding, NotCheckedError, checked
from noukai_infra.repository.doctor.permissions import permissions, resources_of
from noukai_infra.settings import STAGE, Settings, settings_in
from noukai_infra.settings.company import Company
from tests.client.cli.running_command import run

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s", "AWS_CONFIG_FILE": "/dev/null"}
STS_ERROR = (
    '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
    "<Code>{code}</Code><Message>refused</Message></Error></ErrorResponse>"
)


class Refusing:
    """A server that answers each request with an answer of AWS's."""

    def __init__(self) -> None:
        self.status, self.body = 403, ""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Refusing]:
    """Let AWS be a server on the loopback interface."""
    answers = Refusing()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response_only(answers.status)
            self.send_header("Content-Length", str(len(answers.body)))
            self.end_headers()
            self.wfile.write(answers.body.encode())

        do_GET = do_POST  # noqa: N815 - as http.server calls it

        def log_message(self, *_: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    own = {**KEYS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    yield answers
    server.shutdown()
    thread.join()
    server.server_close()


def aws_finding(settings: Settings | None = None) -> Finding:
    kept = place.Kept[Account]()
    (found,) = checked("AWS", lambda: place.account(settings or Settings(), kept))
    assert kept.value is None
    return found


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ExpiredToken", "have expired: `aws sso login`"),
        ("InvalidClientTokenId", "are unknown to AWS: set AWS_PROFILE"),
        ("SignatureDoesNotMatch", "have a wrong AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_credentials_that_aws_refuses(aws: Refusing, code: str, said: str) -> None:
    """The finding says what to do instead of AWS's own words."""
    aws.body = STS_ERROR.format(code=code)
    found = aws_finding()
    assert (found.is_good, found.is_needed) == (False, True)
    assert f"the credentials {said}" in found.said


def test_no_credentials_are_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but a deploy needs them; and no machine of AWS's is asked for long."""
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert "No AWS region" in aws_finding().said
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    found = aws_finding()
    assert (found.is_good, found.is_needed) == (False, False)
    assert "set AWS_PROFILE" in found.said


def test_mistyped_region(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found without a request."""
    monkeypatch.setenv("AWS_REGION", "us-esat-1")
    assert "the region us-esat-1: there is no such name in AWS: did you mean " in aws_finding().said


def test_dead_network_takes_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port and a name that is never resolved end a check; nothing is retried."""
    for name, value in {**KEYS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}.items():
        monkeypatch.setenv(name, value)
    before = time.monotonic()
    assert "AWS does not answer" in aws_finding().said
    assert time.monotonic() - before < 8
    never = Event()

    def wait() -> str:
        never.wait()
        return "answered"

    (late,) = checked("AWS", wait, seconds=0.01)
    never.set()
    assert not late.is_good
    assert "check the network" in late.said


def test_all_of_a_dead_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command ends with 1, and says what is well on this machine."""
    for name, value in {**KEYS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}.items():
        monkeypatch.setenv(name, value)
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    code, output, _ = run("doctor", "--json")
    found = {each["name"]: each for each in map(json.loads, output.splitlines())}
    assert code == 1
    assert found["Python"]["is_good"]
    assert found["Node"]["is_good"]
    assert not found["AWS"]["is_good"]
    assert not found["clock"]["is_good"]
    assert "bootstrap" not in found


def test_old_python_and_no_node() -> None:
    with pytest.raises(OperatorError, match=r"no runtime for Python 3\.10"):
        machine.python((3, 10))
    with pytest.raises(OperatorError, match="install it again"):
        machine.node(Path("/nowhere/node"))


@pytest.mark.parametrize(("number", "region"), [("123456789012", None), (None, "eu-central-1")])
def test_other_place_than_the_settings(
    account_with_kinds: Account, number: str | None, region: str | None
) -> None:
    """Nothing is asked of a place that is not meant."""
    assert account_with_kinds.number not in (number, None)
    found = aws_finding(Settings(account=number, region=region))
    assert (found.is_good, found.is_needed) == (False, True)
    assert "set AWS_" in found.said.replace("\n", " ")


def test_bootstrap(account_with_kinds: Account) -> None:
    """Ours is made by a deploy; a company's must be there, and new enough."""
    with pytest.raises(NotCheckedError, match="makes it"):
        place.bootstrap(account_with_kinds, "hnb659fds")
    with pytest.raises(OperatorError, match="none with the qualifier acme: correct company"):
        place.bootstrap(account_with_kinds, "acme")
    ssm = account_with_kinds.session.client("ssm")
    for version, said in (("5", "is too old, 6 is needed"), ("21", "at least 6")):
        ssm.put_parameter(Name="/cdk-bootstrap/acme/version", Value=version, Type="String", Overwrite=True)
        (found,) = checked("bootstrap", lambda: place.bootstrap(account_with_kinds, "acme"))
        assert said in found.said
        assert found.is_good is (version == "21")
    ssm.delete_parameter(Name="/cdk-bootstrap/acme/version")


def test_denied_simulation_is_said(aws: Refusing) -> None:
    """It is no lack of the deploying role."""
    account = Account(boto3.Session(region_name="us-east-1"), "123456789012", "us-east-1")
    aws.body = STS_ERROR.format(code="AccessDenied")
    (found,) = checked("permissions", lambda: permissions(account, Settings()))
    assert "may not GetCallerIdentity" in found.said
    assert not found.is_needed


def test_company_has_roles_of_its_own(account_with_kinds: Account) -> None:
    """They are simulated instead of the CDK's."""
    own = "arn:aws:iam::123456789012:role/ours"
    account = account_with_kinds
    made = resources_of(account, Settings(company=Company(qualifier="acme", deploy_role=own)))
    roles = [resource for resource, actions in made if actions == ("sts:AssumeRole",)]
    assert roles[0] == own
    assert roles[1].endswith(f"cdk-acme-file-publishing-role-{account.number}-us-east-1")


@pytest.mark.parametrize(
    ("content", "stage", "said"),
    [
        ("[stages.prod]", "prod", "The stage prod names no account"),
        ('[workers.ml]\nimage = "images/none"', None, "image: there is no folder "),
    ],
)
def test_settings_that_a_deploy_would_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, stage: str | None, said: str
) -> None:
    """They are wrong before anybody has credentials."""
    (tmp_path / "flows").mkdir()
    file = tmp_path / "noukai.toml"
    file.write_text(f'flows = "{tmp_path / "flows"}"\n{content}\n')
    monkeypatch.setattr(place, "file_context", lambda: settings_in(file, stage))
    if stage is not None:
        monkeypatch.setenv(STAGE, stage)
    kept = place.Kept[Settings]()
    (found,) = checked("settings", lambda: place.settings(kept))
    assert found.said.startswith(said)
    assert not found.is_good


class Lambda:
    """A session whose account has this concurrency; the emulator has a fixed one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def client(self, _: str) -> "Lambda":
        return self

    def get_account_settings(self) -> dict[str, dict[str, int]]:
        return {"AccountLimit": {"ConcurrentExecutions": self.limit}}


@pytest.mark.parametrize(
    ("limit", "settings", "said", "is_needed"),
    [
        (10, {}, "10 executions at once, fewer than the usual 1000; the settings may use 5", None),
        (10, {"worker": {"max_concurrency": 20}}, "may use 20, so that under load", False),
        (10, {"wait_reserved_concurrency": 1}, "reserve or keep warm 1, and 10 must stay free", True),
        (1000, {"worker": {"warm": 901}}, "reserve or keep warm 901, and 100 must stay free", True),
        (1000, {"worker": {"provisioned_pollers": {"maximum": 300}}}, "may use 3000", False),
        (1000, {}, "1000 executions at once; the settings may use 5", None),
    ],
)
def test_concurrency(limit: int, settings: dict[str, object], said: str, is_needed: bool | None) -> None:
    """A new account has ten executions; what a deploy would be refused for is wrong, the rest a note."""
    account = Account(Lambda(limit), "123456789012", "us-east-1")  # type: ignore[arg-type]
    (found,) = checked("c", lambda: quotas.concurrency(account, Settings.from_context(settings)))
    assert said in found.said
    assert (None if found.is_good else found.is_needed) is is_needed
    assert found.is_good or "--quota-code L-B99A9384" in found.said


def test_throttle(aws: Refusing) -> None:
    account = Account(boto3.Session(region_name="us-east-1"), "123456789012", "us-east-1")
    aws.status, aws.body = 200, json.dumps({"Quota": {"Value": 2500.0}})
    assert quotas.throttle(account, Settings()).startswith("2,500 requests a second, bursts of 2,500")
    with pytest.raises(OperatorError, match=f"--quota-code {GATEWAY_RATE.code} --desired-value 3000"):
        quotas.throttle(account, Settings(throttle_rate=3000))
    aws.status, aws.body = 400, json.dumps({"__type": "NoSuchResourceException"})
    assert quotas.throttle(account, Settings()).startswith("10,000 requests a second, bursts of 5,000")
    aws.body = json.dumps({"__type": "AccessDeniedException"})
    found = checked("throttle", lambda: quotas.throttle(account, Settings()))
    assert "these credentials may not GetServiceQuota" in found[0].said
