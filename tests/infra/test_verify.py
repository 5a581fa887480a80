"""Checks of a deployed stack find out what is true, and say it when they cannot."""

import boto3
import httpx
import pytest

from infra.verify.check import Check, NotShownError, Outcome, verify
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
