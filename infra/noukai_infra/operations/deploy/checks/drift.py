"""The drift of a stack: what somebody has changed beside its template."""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from noukai_infra.operations.account import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_POLL_SECONDS = 5.0
_MOST_POLLS = 120
"""Ten minutes: CloudFormation looks at each of some hundred resources, a few at once."""

_CHANGED = ("MODIFIED", "DELETED")
_VERBS = {"ADD": "has in addition", "REMOVE": "lacks", "NOT_EQUAL": "has another"}


@dataclass(frozen=True)
class Drift:
    """The drift detection of CloudFormation."""

    client: "CloudFormationClient"
    stack: str
    sleep: Callable[[float], None] = time.sleep

    def lines(self) -> list[str]:
        """Return a sentence for each resource that differs from the template; none if all is as deployed.

        Raises:
            OperatorError: CloudFormation cannot tell, or takes too long.
        """
        self._wait(self.client.detect_stack_drift(StackName=self.stack)["StackDriftDetectionId"])
        return [line for each in self._changed() for line in _described(each)]

    def _wait(self, detection: str) -> None:
        for _ in range(_MOST_POLLS):
            found = self.client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
            if found["DetectionStatus"] == "DETECTION_COMPLETE":
                return
            if found["DetectionStatus"] == "DETECTION_FAILED":
                raise OperatorError(
                    f"CloudFormation cannot compare all of {self.stack}: "
                    f"{found.get('DetectionStatusReason', 'it gives no reason')}. Your role needs the right "
                    "to read each resource: see the rights in infra/COMPANY.md."
                )
            self.sleep(_POLL_SECONDS)
        raise OperatorError(
            f"CloudFormation still compares {self.stack} after {_MOST_POLLS * _POLL_SECONDS / 60:.0f} "
            "minutes: run this again later."
        )

    def _changed(self) -> Iterator[Any]:
        wanted: dict[str, Any] = {"StackName": self.stack, "StackResourceDriftStatusFilters": _CHANGED}
        while True:
            page = self.client.describe_stack_resource_drifts(**wanted)
            yield from page["StackResourceDrifts"]
            if "NextToken" not in page:
                return
            wanted["NextToken"] = page["NextToken"]


def _described(resource: Any) -> Sequence[str]:
    name = f"{resource['ResourceType']} {resource['LogicalResourceId']} ({resource['PhysicalResourceId']})"
    if resource["StackResourceDriftStatus"] == "DELETED":
        return [f"{name} was deleted: a deploy does not make it again; see the runbook."]
    return [f"{name} {_difference(each)}" for each in resource.get("PropertyDifferences", ())]


def _difference(each: Any) -> str:
    verb = _VERBS.get(each["DifferenceType"], "differs in")
    place = each["PropertyPath"]
    if each["DifferenceType"] == "NOT_EQUAL":
        return f"{verb} {place}: {_short(each['ActualValue'])} instead of {_short(each['ExpectedValue'])}"
    return f"{verb} {place}: {_short(each.get('ActualValue') or each.get('ExpectedValue'))}"


def _short(value: object, most: int = 200) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= most else f"{text[:most]}…"
