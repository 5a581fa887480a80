"""The secrets of flows: where a flow finds them, how it sees new ones, and what happens without them."""

import json
from typing import Any

import boto3
import pytest

from noukai_functions.secrets.worker_secrets import MOST_AGE_MS
from noukai_wire.routes import Route
from tests.functions.harness import System, output
from tests.functions.stand_ins.calls import hook, unreachable

OLD, NEW = "postgres://old-password", "postgres://new-password"
SOURCES = {"DB_URL": "ssm:/shop/db", "TOKEN": "secretsmanager:shop#token"}


def put(value: str) -> None:
    boto3.client("ssm").put_parameter(Name="/shop/db", Value=value, Type="SecureString", Overwrite=True)


@pytest.fixture
def shop(system: System) -> System:
    """Return a deployment with two secrets."""
    system.deployment.environment = {**system.deployment.environment, "SECRETS": json.dumps(SOURCES)}
    put(OLD)
    boto3.client("secretsmanager").create_secret(Name="shop", SecretString='{"token": "a-long-token"}')
    return system


def run(system: System, flow: str) -> Any:
    job_id = system.submit(f"secretive/{flow}").body["id"]
    system.deliver()
    return system.status(job_id)


def reads(system: System) -> int:
    """Return how often the worker has read its secrets."""
    return sum(name == "GetParameters" for name, _ in system.calls)


def test_flow_finds_a_secret_in_its_module_its_environment_and_its_context(shop: System) -> None:
    *found, _ = output(run(shop, "reveal"))
    assert found == [OLD, OLD, OLD]
    assert output(run(shop, "reveal-token")) == "a-long-token"


def test_worker_without_secrets_makes_none(system: System) -> None:
    assert system.deployment.secrets is None
    status = run(system, "ask-for-another")
    assert (status["state"], status["attempt"]) == ("failed", 1)
    assert "there is no secret 'DB_URI': add it to the setting `secrets`; there is none" in status["error"]


def test_secrets_are_read_once_in_five_minutes(shop: System) -> None:
    """A rotated secret reaches the next job after that, in a process that imports its module anew."""
    secrets = shop.deployment.secrets
    assert secrets is not None
    first = output(run(shop, "reveal"))
    put(NEW)
    shop.clock.time += MOST_AGE_MS - 1000
    assert output(run(shop, "reveal")) == first
    shop.clock.time += 1000
    *found, process = output(run(shop, "reveal"))
    assert found == [NEW, NEW, NEW]
    assert process != first[-1]
    assert secrets.edition == 2


def test_unchanged_secrets_keep_their_process(shop: System) -> None:
    first = output(run(shop, "reveal"))
    shop.clock.time += MOST_AGE_MS
    assert output(run(shop, "reveal")) == first


@pytest.mark.parametrize("flow", ["reveal-again", "ask-in-a-child"])
def test_flow_asks_again(shop: System, flow: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a refused secret, a flow gets the new one at once; the next process begins with it."""
    secrets = shop.deployment.secrets
    assert secrets is not None
    before = secrets.read

    def rotated() -> Any:
        monkeypatch.setattr(secrets, "read", before)
        found = before()
        put(NEW)
        shop.clock.time += 2000
        return found

    monkeypatch.setattr(secrets, "read", rotated)
    expected = [OLD, NEW, NEW] if flow == "reveal-again" else NEW
    assert output(run(shop, flow)) == expected
    *found, _ = output(run(shop, "reveal"))
    assert found == [NEW, NEW, NEW]


def test_values_are_masked_in_logs_and_errors(shop: System) -> None:
    job_id = shop.submit("secretive/leak").body["id"]
    shop.deliver()
    status = shop.status(job_id)
    assert status["error"].startswith("ValueError: refused: ***")
    lines = shop.send(Route.LOGS_BY_ID, id=job_id).body["lines"]
    assert "the secret is ***" in [line["message"] for line in lines]
    assert OLD not in json.dumps(lines)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (
            lambda: boto3.client("ssm").delete_parameter(Name="/shop/db"),
            "DB_URL (ssm:/shop/db): there is no such parameter",
        ),
        (
            lambda: boto3.client("secretsmanager").put_secret_value(
                SecretId="shop", SecretString='{"key": "x"}'
            ),
            "TOKEN (secretsmanager:shop#token): it has no key token",
        ),
        (
            lambda: boto3.client("secretsmanager").delete_secret(
                SecretId="shop", ForceDeleteWithoutRecovery=True
            ),
            "TOKEN (secretsmanager:shop#token): ResourceNotFoundException",
        ),
    ],
)
def test_lost_secret_fails_attempts_until_it_is_back(shop: System, break_it: Any, said: str) -> None:
    """The job says what is missing, and its next attempt reads again."""
    output(run(shop, "reveal"))
    break_it()
    shop.clock.time += MOST_AGE_MS
    job_id = shop.submit("secretive/reveal").body["id"]
    shop.deliver()
    status = shop.status(job_id)
    assert status["state"] == "pending"
    assert status["lastError"].startswith("SecretsError: secrets cannot be read: ")
    assert said in status["lastError"]
    assert OLD not in status["lastError"]


def test_aws_that_does_not_answer_leaves_the_earlier_values(shop: System) -> None:
    first = output(run(shop, "reveal"))
    shop.clock.time += MOST_AGE_MS
    hook(shop.deployment._ssm, before=unreachable)
    assert output(run(shop, "reveal")) == first


def test_delivery_is_returned_if_there_are_no_earlier_values(shop: System) -> None:
    """It costs no attempt: the job can run when AWS answers again."""
    job_id = shop.submit("secretive/reveal").body["id"]
    end = hook(shop.deployment._ssm, before=unreachable)
    shop.deliver()
    assert shop.row(job_id).attempt == 0
    end()
    shop.clock.time += 60_000
    assert shop.deployment.secrets is not None
    assert shop.deployment.secrets.is_ready()
