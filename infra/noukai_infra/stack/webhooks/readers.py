"""The readers of the queues of webhooks, which are disabled until there is an endpoint."""

from collections.abc import Iterable, Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from noukai_infra.stack.base.function import JobFunction

_ACTIONS = ["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping"]


def let_enable(functions: Iterable[JobFunction], readers: Sequence[lambda_.EventSourceMapping]) -> None:
    """Allow functions to enable the readers, and tell them their ids.

    An idle reader costs as much as the rest of a deployment at rest, so the template makes them disabled. A
    deploy that changes one disables it again; the tick, which is deployed after it, enables it.
    """
    ids = ",".join(reader.event_source_mapping_id for reader in readers)
    places = [reader.event_source_mapping_arn for reader in readers]
    for function in functions:
        function.add_environment("WEBHOOK_READERS", ids)
        function.add_to_role_policy(iam.PolicyStatement(actions=_ACTIONS, resources=places))
