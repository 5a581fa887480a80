"""The networks of the workers."""

from collections.abc import Mapping, Sequence
from typing import Any

from noukai_infra.verify.check import CheckSkippedError, Saw, check, expect
from noukai_infra.verify.deployed import Deployed

_ACTION = "ec2:CreateNetworkInterface"


@check("Workers in a VPC are active, and only Lambda itself may make their network interfaces.", on_aws=True)
def workers_are_in_their_networks(deployed: Deployed, saw: Saw) -> None:
    iam = deployed.session.client("iam")
    placed = [each for each in deployed.functions() if each.get("VpcConfig", {}).get("SubnetIds")]
    if not placed:
        raise CheckSkippedError("no worker kind has a network")
    for function in placed:
        own, of_code = _judged(iam, function, []), _judged(iam, function, [function["FunctionArn"]])
        saw(f"{function['FunctionName']} in {function['VpcConfig']['VpcId']}: {function['State']}, {of_code}")
        expect((function["State"], own, of_code), ("Active", "allowed", "explicitDeny"))


def _judged(iam: Any, function: Mapping[str, Any], callers: Sequence[str]) -> str:
    """Return IAM's judgement of the role, for Lambda itself or for a function's code."""
    answer = iam.simulate_principal_policy(
        PolicySourceArn=function["Role"],
        ActionNames=[_ACTION],
        ContextEntries=[
            {
                "ContextKeyName": "lambda:SourceFunctionArn",
                "ContextKeyValues": [each],
                "ContextKeyType": "string",
            }
            for each in callers
        ],
    )
    decision: str = answer["EvaluationResults"][0]["EvalDecision"]
    return decision
