"""The operator's commands, against an emulator of AWS and without one."""

import os
import re
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.endpoint import REGION
from noukai_infra.operations.deploy.checks.runtimes import check_runtime
from noukai_infra.settings import ROOT
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import BASE_PATH, Route
from tests.infra.verify.verification import verified

_JOB_SECONDS = 60


def operate(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the operator, with no AWS but that of `environ` and no Node but ours."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return subprocess.run(
        [sys.executable, "-m", "noukai_infra", *arguments],
        cwd=ROOT,
        env={**own, "PATH": str(ROOT / "nowhere"), "AWS_EC2_METADATA_DISABLED": "true", **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def completed_job(base_url: str, trust: ssl.SSLContext, key: str) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=base_url, verify=trust, headers=headers, timeout=30) as api:
        path = Route.SUBMIT.path(org="acme", project="demo", flow="word-count")
        job = api.post(path, json={"message": "to be or not to be"}).raise_for_status().json()
        status: dict[str, object] = job
        deadline = time.monotonic() + _JOB_SECONDS
        while status["state"] in ("pending", "running") and time.monotonic() < deadline:
            wait = api.get(Route.WAIT_BY_ID.path(id=job["id"]), params={"seconds": 20})
            status = wait.raise_for_status().json()
        return status


def test_stack_is_deployed_used_verified_and_taken_away(emulator: Emulator, tmp_path: Path) -> None:
    """The CDK command deploys to an account without bootstrap; a job completes in between."""
    trust = emulator.endpoint.trust()
    aws = {
        **emulator.endpoint.environment,
        "AWS_REGION": REGION,
        # Nobody is there to be asked.
        "CI": "true",
        # For requests that are none of AWS's own.
        "SSL_CERT_FILE": str(emulator.endpoint.authority),
    }
    output = ("--output", str(tmp_path / "cdk.out"))

    deployed = operate("deploy", "--org", "acme", "-c", "platform=host", *output, **aws)
    assert deployed.returncode == 0, deployed.stderr
    assert re.search(r"^Flows: +version [0-9a-f]{8}$", deployed.stdout, re.MULTILINE)
    assert_end_of_runtime_is_told(deployed.stdout)
    [api_id] = re.findall(
        r"^Endpoint: https://(\w+)\..*\n+Key: +none yet, to keep it out of logs",
        deployed.stdout,
        re.MULTILINE,
    )
    assert re.search(r"nk_\S{43}", deployed.stdout + deployed.stderr) is None
    key = operate("keys", "create", "--org", "acme", "first", **aws).stdout.strip()
    base_url = f"{emulator.endpoint.url}/_aws/execute-api/{api_id}/$default{BASE_PATH}"

    assert completed_job(base_url, trust, key)["state"] == "completed"

    assert_keys_are_managed(base_url, trust, aws)
    assert_budgets_are_managed(aws)
    assert_limits_hold(base_url, trust, aws)

    assert_stack_is_verified(emulator, base_url, tmp_path / "report.md", aws)

    assert_stack_is_taken_away(emulator, output, aws)


def assert_end_of_runtime_is_told(said: str) -> None:
    """Check the warning, if the Python here has the runtime that AWS ends next."""
    warning = check_runtime(sys.version_info[:2])
    assert (f"Warning: {warning}" in said, "Warning: AWS ends" in said) == (warning is not None,) * 2


def assert_stack_is_verified(emulator: Emulator, base_url: str, report: Path, aws: dict[str, str]) -> None:
    """Make every check that an emulator can show; none leaves a key or a job under way."""
    done = verified(aws, "--endpoint", base_url, "--report", str(report))
    assert done.returncode == 0, done.stdout + done.stderr
    text = report.read_text()
    assert re.search(
        r"^\| passed \| A partial batch keeps a changed visibility\..* failed at attempt 2",
        text,
        re.MULTILINE,
    )
    assert re.search(r"^\| skipped \| Expired jobs are deleted by .* only AWS does this", text, re.MULTILINE)
    dynamodb = emulator.endpoint.client("dynamodb")
    tables = {name.removeprefix("noukai-Tables")[:4]: name for name in dynamodb.list_tables()["TableNames"]}
    assert "verify" not in {item["org"]["S"] for item in dynamodb.scan(TableName=tables["Keys"])["Items"]}
    jobs = [
        item for item in dynamodb.scan(TableName=tables["Jobs"])["Items"] if item.get("o") == {"S": "verify"}
    ]
    assert jobs
    assert {item["s"]["S"] for item in jobs} <= {"completed", "failed", "cancelled"}


def assert_stack_is_taken_away(emulator: Emulator, output: tuple[str, str], aws: dict[str, str]) -> None:
    """Delete the functions; tables and buckets stay, and a second time there is no stack."""
    destroyed = operate("destroy", *output, **aws)
    assert destroyed.returncode == 0, destroyed.stderr
    tables = ("TablesJobs", "TablesKeys", "TablesSchedules", "TablesUsage", "WebhooksTable")
    names = (*tables, "meteringuncounted", "payloads", "reactionsuntold")
    kept = ", ".join(rf"noukai-{name}[^\s,]+" for name in names)
    assert re.search(rf"are kept with what is in them: {kept}\. ", destroyed.stdout)
    assert emulator.endpoint.client("lambda").list_functions()["Functions"] == []

    gone = operate("destroy", *output, **aws)
    assert (gone.returncode, gone.stderr) == (
        1,
        "There is no stack noukai in 000000000000/us-east-1: `make deploy` makes it.\n",
    )


def assert_keys_are_managed(base_url: str, trust: ssl.SSLContext, aws: dict[str, str]) -> None:
    """Make a key, which works, list it and revoke it."""
    created = operate("keys", "create", "--org", "acme", "my-key", **aws)
    assert created.returncode == 0, created.stderr
    assert completed_job(base_url, trust, created.stdout.strip())["state"] == "completed"

    listed = operate("keys", "list", **aws)
    key_id = re.findall(r"^(\w{12}) +acme +my-key +all .* valid *$", listed.stdout, re.MULTILINE)[0]
    revoked = operate("keys", "revoke", key_id, **aws)
    assert revoked.stdout == f"{key_id} (my-key, of the org acme) is revoked.\n"


def assert_budgets_are_managed(aws: dict[str, str]) -> None:
    """Set a budget in either measure, list it and clear it; one that limits nothing is none."""
    for limits, said in ((["--jobs", "9"], "9 jobs"), (["--usd", "0.5"], "9 jobs and 0.5 USD")):
        assert (
            f"may use {said} in a month" in operate("budget", "set", "--org", "acme", *limits, **aws).stdout
        )
    listed = operate("budget", "list", **aws)
    assert re.findall(r"^acme +9 +0.5 +never +1000000 +100000 *$", listed.stdout, re.MULTILINE)
    for wrong in ([], ["--jobs", "0"], ["--usd", "-1"], ["--usd", "much"]):
        assert operate("budget", "set", "--org", "acme", *wrong, **aws).returncode == 2
    assert operate("budget", "clear", "--org", "acme", **aws).returncode == 0
    assert operate("budget", "clear", "--org", "acme", **aws).returncode == 1


def assert_limits_hold(base_url: str, trust: ssl.SSLContext, aws: dict[str, str]) -> None:
    """Refuse a job of an org with a used-up budget, and a key that calls too often in a second."""
    budget = operate("budget", "set", "--org", "globex", "--jobs", "1", **aws)
    assert budget.returncode == 0, budget.stderr
    free, limited = (
        operate("keys", "create", "--org", "globex", *rate, "a-key", **aws).stdout.strip()
        for rate in ([], ["--rate", "1"])
    )
    submit = Route.SUBMIT.path(org="globex", project="demo", flow="word-count")
    with httpx.Client(base_url=base_url, verify=trust, timeout=30) as api:
        body, headers = {"message": "to be"}, {"Authorization": f"Bearer {free}"}
        assert api.post(submit, json=body, headers=headers).status_code == HTTPStatus.ACCEPTED
        refused = eventually(
            lambda: api.post(submit, json=body, headers=headers), HTTPStatus.PAYMENT_REQUIRED, pause=1
        )
        assert refused.json()["detail"]["code"] == ErrorCode.INSUFFICIENT_CREDITS
        headers = {"Authorization": f"Bearer {limited}"}
        refused = eventually(
            lambda: api.get(Route.FLOWS.path(), headers=headers), HTTPStatus.TOO_MANY_REQUESTS
        )
        assert refused.json()["detail"]["code"] == ErrorCode.RATE_LIMITED
        assert refused.headers["Retry-After"] == "1"


def eventually(ask: Callable[[], httpx.Response], status: HTTPStatus, pause: float = 0) -> httpx.Response:
    """Ask again until the answer is the one that must come."""
    deadline = time.monotonic() + _JOB_SECONDS
    while (answer := ask()).status_code != status:
        assert time.monotonic() < deadline, answer.text
        time.sleep(pause)
    return answer


@pytest.mark.parametrize("command", ["deploy", "destroy"])
@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "No AWS region is configured: set AWS_REGION"),
        ({"AWS_REGION": "us-east-1"}, "No AWS credentials are configured: set AWS_PROFILE"),
        ({"AWS_REGION": "us-east-1", "AWS_PROFILE": "nobody"}, "nobody"),
    ],
)
def test_missing_configuration_is_named(
    tmp_path: Path, command: str, environ: dict[str, str], message: str
) -> None:
    """In a sentence, before anything is built."""
    files = {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    result = operate(command, **environ, **files)
    assert result.returncode == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1
