"""The commands of the runbook's pages: operators' are run, those for AWS and callers are parsed."""

import json
import re
import shlex
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
import typer.main
from botocore import xform_name
from typer.testing import CliRunner

from noukai.cli.main import app
from noukai_infra.__main__ import commands
from noukai_infra.local.emulator.emulator import Emulator
from noukai_infra.local.emulator.endpoint import ACCOUNT, REGION
from noukai_infra.operations.account import Account
from noukai_infra.operations.ops.logs import StackLogs
from noukai_infra.operations.orgs.keys import Keys
from noukai_infra.operations.restore import command
from noukai_infra.operations.restore.restoration import Restoration, shown
from noukai_infra.settings import ROOT
from tests.infra.health.runbook import Step, steps
from tests.infra.operations.releases.test_rollback import deploy
from tests.infra.operations.restore.restored_stack import MOMENT, Deployment, deployed, fill

STACK = "noukai"
OPERATORS = ("ops", "keys", "budget", "redrive", "recount", "rollback", "restore", "deploy")
SHOWN = {
    "ops": "ALARM unprocessed",
    "ops queues": "unprocessed",
    "ops tail --function worker --level warning --since 2h": "a delivery failed",
    "ops tail --level error --text PROJECT/FLOW --since 2h": "a delivery failed",
    "ops tail --level error --since 2h": "a delivery failed",
    "ops tail --level error --text 'cannot be read' --since 2h": "a job cannot be read",
    "ops tail --function worker --level error --since 2h": "a delivery failed",
    "ops tail --function metering --level error --since 2h": "usage was not counted",
    "ops tail --function sweep --since 2d": "the sweep has checked every job",
    "ops job JOB": "a delivery failed",
    "ops find --request-id REQUEST": "a job cannot be read",
    "ops dead-letters show": "job job_row of the flow scales/plain, org acme",
    "ops dead-letters drop MESSAGE --yes": "1 deleted",
    "redrive": "1 dead-letter messages",
    "recount --yes": "There is no uncounted usage.",
    "keys list": "of-before",
    "keys create --org ORG --days 90 NAME": "nk_",
    "keys create --org ORG --rate 10 NAME": "nk_",
    "keys revoke KEY": "is revoked",
    "budget list": "acme",
    "budget set --org ORG --unfinished 1000 --jobs 100000": "The org acme may",
    "budget clear --org ORG": "has no budget now",
}
"""What each command shows of the faults that are made here."""
APART = ("rollback", "restore", "deploy", "keys create --context")
"""The beginnings of the commands that have tests of their own here, and of those for another region."""

STEPS = steps((ROOT / "infra" / "RUNBOOK.md").read_text())
OF_OPERATORS = [step for step in STEPS if step.program == "noukai" and step.arguments[0] in OPERATORS]
RUN = {step.line: step for step in OF_OPERATORS if not step.line.startswith(APART)}
"""Each command once, though several pages may have it."""


@pytest.fixture
def words(account_with_kinds: Account) -> Iterator[dict[str, str]]:
    """Make what the commands look for; return the values of the runbook's words in capitals."""
    session, outputs = account_with_kinds.session, account_with_kinds.deployed(STACK)
    names = {"id": "job_row", "org": "acme", "flow": "scales/plain"}
    sqs, dynamodb = session.client("sqs"), session.client("dynamodb")
    sent = sqs.send_message(
        QueueUrl=outputs["UnprocessedQueueUrl"], MessageBody=json.dumps({**names, "arguments": {}})
    )
    row: Any = {"id": "job_row", "o": "acme", "f": "scales/plain", "s": "failed"}
    numbers = {"n": "2", "m": "3", "c": "1700000000000"}
    item = {name: {"S": value} for name, value in row.items()}
    item |= {name: {"N": value} for name, value in numbers.items()}
    dynamodb.put_item(TableName=outputs["JobsTable"], Item=item)
    log(session, "worker", {"message": "a delivery failed", "job_id": "job_row", "flow": "scales/plain"})
    log(session, "status", {"message": "a job cannot be read", "request_id": "request-1"})
    log(session, "metering", {"message": "usage was not counted"})
    log(session, "sweep", {"level": "INFO", "message": "the sweep has checked every job"})
    keys = Keys(dynamodb, outputs["KeysTable"])
    keys.create("acme", "of-before", created=1_700_000_000)
    (made,) = [key for key in keys.rows() if key.name == "of-before" and not key.revoked]
    yield {
        "ORG": "acme",
        "PROJECT": "scales",
        "FLOW": "plain",
        "JOB": "job_row",
        "NAME": "ci",
        "KEY": made.id,
        "MESSAGE": sent["MessageId"],
        "REQUEST": "request-1",
    }
    for name in ("UnprocessedQueueUrl", "DeadLetterQueueUrl"):
        sqs.purge_queue(QueueUrl=outputs[name])
    keys.revoke(made.id, now=1_700_000_001)
    dynamodb.delete_item(TableName=outputs["JobsTable"], Key={"id": {"S": "job_row"}})


def log(session: Any, function: str, entry: dict[str, str]) -> None:
    """Let a function have logged an error."""
    groups = StackLogs.of(session, STACK).groups
    group = next(group for group, name in groups.items() if name == function)
    text = json.dumps({"level": "ERROR", **entry})
    client, now = session.client("logs"), round(time.time() * 1000)
    stream = f"a-process-{time.time_ns()}"
    client.create_log_stream(logGroupName=group, logStreamName=stream)
    events = [{"timestamp": now, "message": text}]
    client.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def test_each_page_has_its_commands() -> None:
    """How to be sure and what to do, for each; each word that is replaced is in capitals."""
    text = (ROOT / "infra" / "RUNBOOK.md").read_text()
    text = text.partition("\n## Alarms\n")[2].partition("\n## Metrics\n")[0]
    pages = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert len(pages) >= 8 + 11
    assert [*dict.fromkeys(step.page for step in STEPS)] == pages
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        for heading in ("**How it looks.**", "**How to be sure.**", "**What to do.**"):
            assert part.count(heading) == 1, part.splitlines()[0]
    assert RUN.keys() == SHOWN.keys()


@pytest.mark.parametrize("step", RUN.values(), ids=str)
def test_command_shows_or_mends(
    step: Step, words: dict[str, str], account_with_kinds: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each on a stack with the fault."""
    monkeypatch.setenv("AWS_REGION", account_with_kinds.region)
    monkeypatch.setenv("COLUMNS", "200")
    if step.line in ("budget list", "budget clear --org ORG"):
        CliRunner().invoke(commands, ["budget", "set", "--org", "acme", "--jobs", "5"])
    done = CliRunner().invoke(commands, step.given(words))
    assert SHOWN[step.line] in done.output, done.exception or done.output
    assert done.exit_code == (1 if step.line == "ops" else 0)


def test_rollback(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions are those before the deployment."""
    assert "rollback" in {step.line for step in OF_OPERATORS}
    for name, value in emulator.endpoint.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_REGION", REGION)
    account = Account(boto3.Session(region_name=REGION), ACCOUNT, REGION)
    for text in ("one", "two"):
        deploy(account, Api=text, Worker=text)
    done = CliRunner().invoke(commands, ["rollback"])
    assert "2 functions have changed places" in done.output.replace("\n", " "), done.exception


@pytest.fixture
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """Yield a stack whose tables have lost rows since a moment, on a clock of its own."""
    with deployed() as made:
        fill(made)
        monkeypatch.setattr(Account, "configured", lambda *_: made.account)
        on_its_clock: Callable[..., Restoration] = lambda account, stack, _clock, _sleep, say: Restoration(  # noqa: E731
            account, stack, lambda: made.time, made.sleep, say
        )
        monkeypatch.setattr(command, "Restoration", on_its_clock)
        yield made


def test_restoration(restored: Deployment) -> None:
    """The command of the runbook brings the lost row back."""
    (step,) = [step for step in OF_OPERATORS if step.line.startswith("restore --to")]
    assert "job_gone" not in restored.rows("jobs")
    done = CliRunner().invoke(commands, step.given({"TIME": shown(MOMENT)}))
    assert done.exit_code == 0, done.exception
    assert "job_gone" in restored.rows("jobs")


def test_restoration_is_called_off(restored: Deployment) -> None:
    assert "restore --call-off" in {step.line for step in OF_OPERATORS}
    restoration = restored.restoration
    restoration.record.write(restoration.plan(MOMENT, ["jobs"]))
    assert CliRunner().invoke(commands, ["restore", "--call-off"]).exit_code == 0
    assert restoration.record.read() is None


@pytest.mark.parametrize("step", [step for step in STEPS if step.program == "noukai"], ids=str)
def test_options_exist(step: Step) -> None:
    """Also of the commands that only an account or an API can run; `deploy` would pass on unknown options."""
    found: Any = typer.main.get_command(commands if step.arguments[0] in OPERATORS else app)
    name, rest = "noukai", step.given({"TIME": "2026-11-28T12:00Z", "ORG": "acme", "NAME": "ci"})
    while rest and rest[0] in getattr(found, "commands", {}):
        name, found, rest = rest[0], found.commands[rest[0]], rest[1:]
    assert name != "noukai"
    assert found.make_context(name, rest).args == []


@pytest.mark.parametrize("step", [step for step in STEPS if step.program == "aws"], ids=str)
def test_aws_command_is_known(step: Step) -> None:
    """By AWS's own model of the service: the operation, its parameters, and those that it requires."""
    service: Any
    service, operation, *options = step.arguments
    model = boto3.client(service, REGION).meta.service_model
    known = {xform_name(name, "-"): name for name in model.operation_names}
    shape = model.operation_model(known[operation]).input_shape
    given = {word.removeprefix("--") for word in options if word.startswith("--")}
    assert given <= {xform_name(name, "-") for name in shape.members}
    assert {xform_name(name, "-") for name in shape.required_members} <= given


def test_every_line_is_a_command() -> None:
    """Of one of the two programs."""
    assert {step.program for step in STEPS} == {"noukai", "aws"}
    assert all(shlex.join(shlex.split(step.line)) == step.line for step in STEPS)
