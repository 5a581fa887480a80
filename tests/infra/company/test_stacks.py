"""The drift and the protection of a stack."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.checks.drift import Drift
from noukai_infra.operations.deploy.checks.stage import check_unprotected
from noukai_infra.settings import Settings

STACK = "noukai"
DETECTION = {"StackDriftDetectionId": "detection-1"}
STATUS: dict[str, Any] = {"StackId": "id", "StackDriftDetectionId": "detection-1", "Timestamp": 0}
RESOURCE: dict[str, Any] = {"StackId": "id", "ResourceType": "AWS::SQS::Queue", "Timestamp": 0}


DIFFERENCE = {
    "PropertyPath": "/VisibilityTimeout",
    "ExpectedValue": "900",
    "ActualValue": "30",
    "DifferenceType": "NOT_EQUAL",
}


@pytest.fixture
def account() -> Iterator[Account]:
    with mock_aws():
        yield Account(boto3.Session("test", "test", region_name="us-east-1"), "123456789012", "us-east-1")


def drift(account: Account, *statuses: str) -> tuple[Drift, Stubber, list[float]]:
    """Return a detection whose status is these, one after the other, and the pauses that it makes."""
    client = account.session.client("cloudformation")
    stub, pauses = Stubber(client), list[float]()
    stub.add_response("detect_stack_drift", DETECTION, {"StackName": STACK})
    for status in statuses:
        answer = {**STATUS, "DetectionStatus": status, "DetectionStatusReason": "no right"}
        stub.add_response("describe_stack_drift_detection_status", answer, DETECTION)
    stub.activate()
    return Drift(client, STACK, pauses.append), stub, pauses


def test_drift_in_words(account: Account) -> None:
    """Each difference is a sentence, over all pages."""
    detection, stub, pauses = drift(account, "DETECTION_IN_PROGRESS", "DETECTION_COMPLETE")
    pages: list[Any] = [
        {
            "StackResourceDrifts": [
                {
                    **RESOURCE,
                    "LogicalResourceId": "Jobs",
                    "PhysicalResourceId": "jobs",
                    "StackResourceDriftStatus": "MODIFIED",
                    "PropertyDifferences": [DIFFERENCE],
                }
            ],
            "NextToken": "more",
        },
        {
            "StackResourceDrifts": [
                {
                    **RESOURCE,
                    "LogicalResourceId": "Dead",
                    "PhysicalResourceId": "dead",
                    "StackResourceDriftStatus": "DELETED",
                }
            ]
        },
    ]
    for page in pages:
        stub.add_response("describe_stack_resource_drifts", page)
    changed, deleted = detection.lines()
    assert changed == "AWS::SQS::Queue Jobs (jobs) has another /VisibilityTimeout: 30 instead of 900"
    assert deleted.startswith("AWS::SQS::Queue Dead (dead) was deleted")
    assert len(pauses) == 1


def test_drift_that_cannot_be_told(account: Account) -> None:
    detection, _, _ = drift(account, "DETECTION_FAILED")
    with pytest.raises(OperatorError, match="cannot compare all of noukai: no right"):
        detection.lines()


def test_drift_detection_without_an_end(account: Account) -> None:
    """Is given up after ten minutes."""
    detection, _, pauses = drift(account, *["DETECTION_IN_PROGRESS"] * 120)
    with pytest.raises(OperatorError, match="still compares noukai after 10 minutes"):
        detection.lines()
    assert sum(pauses) == 600


def test_protected_stack(account: Account) -> None:
    """The settings protect it, and what AWS protects without them too."""
    client = account.session.client("cloudformation")
    described = {"StackName": STACK, "CreationTime": 0, "StackStatus": "CREATE_COMPLETE"}
    with Stubber(client) as stub, pytest.MonkeyPatch.context() as patched:
        patched.setattr(account.session, "client", lambda _: client)
        for is_protected in (False, True):
            answer: Any = {"Stacks": [{**described, "EnableTerminationProtection": is_protected}]}
            stub.add_response("describe_stacks", answer, {"StackName": STACK})
        check_unprotected(account, STACK, Settings())
        with pytest.raises(OperatorError, match="The stack noukai is protected"):
            check_unprotected(account, STACK, Settings())
    with pytest.raises(OperatorError, match=r"The stack noukai is protected.* set protect = false"):
        check_unprotected(account, STACK, Settings(protect=True))
