"""Checks of a deployed stack find out what is true, and say it when they cannot."""

import asyncio
from dataclasses import replace
from pathlib import Path

import boto3
import httpx
import pytest

from infra.account import Account
from infra.local.assembly import Assembly
from infra.local.deployment import Deployment
from infra.local.emulator import Emulator
from infra.local.endpoint import ACCOUNT, REGION
from infra.verify.check import Check, NotShownError, Outcome, verify
from infra.verify.configuration import CHECKS
from infra.verify.deployed import Deployed


def deployed() -> Deployed:
    def unreachable(_: httpx.Request) -> httpx.Response:
        raise AssertionError("no check here sends a request")

    session = boto3.Session("test", "test", region_name="us-east-1")
    api = httpx.Client(transport=httpx.MockTransport(unreachable))
    return Deployed("noukai", {}, session, api, "verify", clock=lambda: 0.0, sleep=lambda _: None)


def right(_: Deployed) -> tuple[bool, str]:
    return True, "as it should be"


def wrong(_: Deployed) -> tuple[bool, str]:
    return False, "something else"


def broken(_: Deployed) -> tuple[bool, str]:
    raise KeyError("Tables")


def not_there(_: Deployed) -> tuple[bool, str]:
    raise NotShownError("no such flow")


@pytest.mark.parametrize(
    ("check", "outcome", "seen"),
    [
        (Check("right", right), Outcome.OK, "as it should be"),
        (Check("wrong", wrong), Outcome.FAILED, "something else"),
        (Check("broken", broken), Outcome.FAILED, "KeyError: 'Tables'"),
        (Check("not there", not_there), Outcome.NOT_SHOWN, "no such flow"),
        (Check("of AWS", right, on_aws=True), Outcome.OK, "as it should be"),
    ],
)
def test_check_says_what_it_has_seen(check: Check, outcome: Outcome, seen: str) -> None:
    """On AWS every check is made."""
    (finding,) = verify(deployed(), [check])
    assert (finding.outcome, finding.seen) == (outcome, seen)


def test_broken_check_does_not_keep_the_others_from_being_made() -> None:
    """One finding for each."""
    findings = verify(deployed(), [Check("broken", broken), Check("right", right)])
    assert [finding.outcome for finding in findings] == [Outcome.FAILED, Outcome.OK]


def test_check_of_aws_itself_is_not_made_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """An emulator would show itself."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    findings = verify(deployed(), [Check("of AWS", wrong, on_aws=True), Check("of anybody", right)])
    assert [finding.outcome for finding in findings] == [Outcome.NOT_SHOWN, Outcome.OK]


def test_stack_with_further_workers_is_as_it_should_be(
    profiled_assembly: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each worker's queue, mapping, function and log is looked at, as far as an emulator has them."""
    for name, value in emulator.endpoint.environment.items():
        monkeypatch.setenv(name, value)
    asyncio.run(Deployment.of(emulator.endpoint).create(Assembly.read(profiled_assembly), now=0))
    session = boto3.Session(region_name=REGION)
    outputs = Account(session, ACCOUNT, REGION).deployed("noukai")
    stack = replace(deployed(), outputs=outputs, session=session)
    findings = {finding.check.name: (finding.outcome, finding.seen) for finding in verify(stack, CHECKS)}
    assert {outcome for outcome, _ in findings.values()} == {Outcome.OK, Outcome.NOT_SHOWN}, findings
    assert len(stack.job_queues()) == 4
    _, seen = findings["the queues deliver with partial failures and a bound"]
    assert "'MaximumConcurrency': 33" in seen
