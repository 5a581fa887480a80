"""The canary of the workers: no job changes its version in the middle, whatever the operator does.

A model of AWS runs jobs on the code that promotes, aborts and refuses deploys. Its rules: a queue's messages
are counted while they wait, are hidden or delayed; a mapping that is disabled starts nothing, but what runs
goes on (https://docs.aws.amazon.com/lambda/latest/api/API_UpdateEventSourceMapping.html); an invocation runs
the version that the alias has when it starts.
"""

import random
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from noukai_functions.jobs.queues.canary import is_in_canary
from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.releases.canary import ALL, SETTLE_SECONDS, Canary
from noukai_infra.operations.deploy.releases.canary_commands import roll_back

OUTPUTS = {"JobsTable": "jobs", "QueueUrl": "https://sqs/1/stable", "CanaryQueueUrl": "https://sqs/1/canary"}
_MOST_ATTEMPTS = 3


@dataclass
class Work:
    """A job: its queue, the version of each attempt, and whether it runs now or waits."""

    id: str
    queue: str
    versions: list[str] = field(default_factory=list)
    is_running: bool = False
    is_over: bool = False


class RefusedError(Exception):
    """The error for a condition that does not hold."""


@dataclass
class Aws:
    """The parts of AWS that a canary has to do with, and the jobs in them; time passes in `sleep`."""

    chance: random.Random
    aliases: dict[str, str] = field(default_factory=lambda: {"live": "1", "canary": "1", "previous": "1"})
    row: int | None = None
    is_read: dict[str, bool] = field(default_factory=lambda: {"stable": True, "canary": True})
    jobs: list[Work] = field(default_factory=list)
    busy: bool = True
    """Whether jobs are submitted."""
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(ConditionalCheckFailedException=RefusedError)
    )

    @property
    def account(self) -> Any:
        template = {
            "Resources": {
                "Worker": {"Properties": {"Environment": {"Variables": {"IMPORT_SECONDS": "60"}}}},
            }
        }
        return SimpleNamespace(
            session=self,
            outputs=lambda _: OUTPUTS,
            deployed=lambda _: OUTPUTS,
            template=lambda _: template,
        )

    def client(self, name: str) -> Any:
        return {"lambda": self, "sqs": self, "dynamodb": self, "cloudformation": self}[name]

    def get_paginator(self, operation: str) -> Any:
        named = [
            {
                "LogicalResourceId": "Worker",
                "PhysicalResourceId": "worker",
                "ResourceType": "AWS::Lambda::Function",
            }
        ]
        assert operation == "list_stack_resources"
        return SimpleNamespace(paginate=lambda **_: [{"StackResourceSummaries": named}])

    def list_aliases(self, **_: Any) -> Any:
        return {"Aliases": [{"Name": name, "FunctionVersion": at} for name, at in self.aliases.items()]}

    def update_alias(self, **asked: Any) -> None:
        self.aliases[asked["Name"]] = asked["FunctionVersion"]

    def list_event_source_mappings(self, **asked: Any) -> Any:
        assert asked == {"FunctionName": "worker:live"}
        return {"EventSourceMappings": [{"UUID": "stable", "EventSourceArn": "arn:aws:sqs:r:1:stable"}]}

    def update_event_source_mapping(self, **asked: Any) -> None:
        self.is_read[asked["UUID"]] = asked["Enabled"]

    def get_queue_attributes(self, **asked: Any) -> Any:
        queue = asked["QueueUrl"].rpartition("/")[2]
        there = [each for each in self.jobs if each.queue == queue and not each.is_over]
        running = sum(each.is_running for each in there)
        counts = ("", len(there) - running), ("NotVisible", running), ("Delayed", 0)
        return {"Attributes": {f"ApproximateNumberOfMessages{name}": str(count) for name, count in counts}}

    def get_item(self, **_: Any) -> Any:
        return {} if self.row is None else {"Item": {"share": {"N": str(self.row)}}}

    def put_item(self, **asked: Any) -> None:
        if "ConditionExpression" in asked and self.row is None:
            raise RefusedError
        self.row = int(asked["Item"]["share"]["N"])

    def delete_item(self, **_: Any) -> None:
        self.row = None

    def submit(self) -> None:
        id_ = f"job_{len(self.jobs)}"
        is_in = self.row is not None and is_in_canary(id_, self.row)
        self.jobs.append(Work(id_, "canary" if is_in else "stable"))

    def turn(self) -> None:
        """Let something happen: a submission, the begin of an attempt, or its end."""
        if self.busy and self.chance.random() < 0.4:
            self.submit()
        waiting = [each for each in self.jobs if not each.is_over]
        if not waiting:
            return
        job = self.chance.choice(waiting)
        if job.is_running:
            job.is_running = False
            job.is_over = len(job.versions) == _MOST_ATTEMPTS or self.chance.random() < 0.5
        elif self.is_read[job.queue]:
            job.is_running = True
            job.versions.append(self.aliases["live" if job.queue == "stable" else "canary"])

    def sleep(self, _seconds: float) -> None:
        for _ in range(self.chance.randrange(30)):
            self.turn()


def deploy(aws: Aws, canary: Canary, version: str, share: int) -> None:
    """Do what a deploy does with the workers' aliases."""
    canary.check_may_deploy(stays=True)
    aws.aliases["canary"] = version
    assert canary.begin(share)


@pytest.mark.parametrize("seed", range(150))
def test_no_job_changes_its_version_in_the_middle(seed: int) -> None:
    """Deploys, promotions and aborts at any time, also interrupted: each job has one version and ends."""
    aws = Aws(random.Random(seed))
    canary = Canary(aws.account, "noukai", aws.sleep)
    told: list[str] = []
    version, promoted = 1, 0
    for _ in range(40):
        aws.sleep(0)
        act = aws.chance.choice(["deploy", "promote", "abort", "die"])
        try:
            if act == "deploy":
                deploy(aws, canary, str(version + 1), aws.chance.choice([5, 20, 50]))
                version += 1
            elif act == "abort" and canary.share is not None:
                canary.abort()
            elif act == "promote":
                promoted += canary.promote(told.append)
            elif act == "die":
                _die_in_a_promotion(aws)
        except OperatorError:
            continue
    aws.busy = False
    aws.is_read = dict.fromkeys(aws.is_read, True)
    for _ in range(20_000):
        aws.turn()
    assert all(each.is_over for each in aws.jobs)
    assert [each for each in aws.jobs if len({*each.versions}) != 1] == []


def _die_in_a_promotion(aws: Aws) -> None:
    """End the operator's command at any of its waits."""
    left = aws.chance.randrange(3)

    def sleep(seconds: float) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        aws.sleep(seconds)

    with suppress(KeyboardInterrupt):
        Canary(aws.account, "noukai", sleep).promote(lambda _: None)


def test_model_shows_what_a_promotion_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the looks at the queue, jobs change their version: the test above can fail."""
    monkeypatch.setattr(Canary, "_messages", lambda *_: 0)
    changed = 0
    for seed in range(20):
        aws = Aws(random.Random(seed))
        canary = Canary(aws.account, "noukai", aws.sleep)
        deploy(aws, canary, "2", 50)
        aws.sleep(0)
        aws.sleep(0)
        assert canary.promote(lambda _: None)
        for _ in range(500):
            aws.turn()
        changed += sum(len({*each.versions}) > 1 for each in aws.jobs)
    assert changed


def test_promotion_takes_its_steps() -> None:
    """All new jobs go to the new version first; while a job of the old one is left, `live` stays."""
    aws = Aws(random.Random(1), busy=False)
    told: list[str] = []
    slept: list[float] = []
    canary = Canary(aws.account, "noukai", slept.append)
    deploy(aws, canary, "2", 5)
    aws.jobs.append(Work("job_old", "stable", ["1"]))
    assert not canary.promote(told.append)
    assert (aws.row, aws.aliases["live"], aws.is_read["stable"]) == (ALL, "1", True)
    aws.jobs[0].is_over = True
    assert canary.promote(told.append)
    assert aws.aliases == {"live": "2", "canary": "2", "previous": "1"}
    assert (aws.row, aws.is_read["stable"]) == (None, True)
    assert slept == [SETTLE_SECONDS] * 3
    assert told == [
        "All new jobs go to the new version from now on.",
        (
            "1 messages of jobs of the old version are left: it ends them, and then "
            "`make canary ARGS=promote` finishes."
        ),
    ]


def test_rollback_during_a_canary_ends_it() -> None:
    """The worker's live version is the one before already; without a canary it changes places."""
    aws = Aws(random.Random(1), busy=False)
    aws.aliases = {"live": "2", "canary": "2", "previous": "1"}
    canary = Canary(aws.account, "noukai", aws.sleep)
    deploy(aws, canary, "3", 5)
    with pytest.raises(OperatorError, match="no previous version"):  # the only function is the worker
        roll_back(aws.account, "noukai")
    assert (aws.row, aws.aliases["live"]) == (None, "2")
    assert roll_back(aws.account, "noukai") == 1
    assert (aws.aliases["live"], aws.aliases["previous"]) == ("1", "2")


def test_deploys_that_would_change_versions_are_refused() -> None:
    """While a canary is under way, and while its queue holds a message."""
    aws = Aws(random.Random(1), busy=False)
    canary = Canary(aws.account, "noukai", aws.sleep)
    deploy(aws, canary, "2", 5)
    with pytest.raises(OperatorError, match="A canary is under way: 5 % of new jobs"):
        canary.check_may_deploy(stays=True)
    canary.abort()
    aws.jobs.append(Work("job_new", "canary"))
    with pytest.raises(OperatorError, match="1 messages of the last canary's jobs are left, and none would"):
        canary.check_may_deploy(stays=False)
    aws.jobs[0].is_over = True
    canary.check_may_deploy(stays=False)


def test_same_version_needs_no_canary() -> None:
    """A deploy that changes no worker begins none."""
    aws = Aws(random.Random(1))
    canary: Canary = Canary(aws.account, "noukai", aws.sleep)
    assert not canary.begin(5)
    assert canary.share is None
    with pytest.raises(OperatorError, match="No canary is under way"):
        canary.promote(lambda _: None)


def test_stack_without_a_canary_is_not_asked() -> None:
    """Only its outputs are read."""
    account: Any = SimpleNamespace(outputs=lambda _: {"QueueUrl": "https://sqs/1/stable"})
    canary = Canary(account, "noukai")
    assert (canary.share, canary.workers()) == (None, [])
    canary.check_may_deploy(stays=False)
