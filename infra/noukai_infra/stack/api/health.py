"""The rights of the function that reports the health of the stack."""

import json
from collections.abc import Sequence

from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from noukai_infra.stack.base.acknowledgement import acknowledge
from noukai_infra.stack.base.function import JobFunction
from noukai_infra.stack.queues import Queues


def report_health(function: JobFunction, queues: Queues, further: Sequence[sqs.IQueue]) -> None:
    """Let a function count the messages of the queues, and read metrics.

    `further` are queues that nothing reads, beside that of unprocessed dead-letter messages.
    """
    unprocessed = (queues.unprocessed, *further)
    of_kinds = {kind: _urls(found) for kind, found in queues.jobs.named.items()}
    urls = {
        "kinds": of_kinds,
        "dead_letters": _urls([queues.dead_letters]),
        "unprocessed": _urls(unprocessed),
    }
    function.add_environment("HEALTH_QUEUES", json.dumps(urls))
    for queue in (*queues.jobs, queues.dead_letters, *unprocessed):
        queue.grant(function, "sqs:GetQueueAttributes")
    function.add_to_role_policy(iam.PolicyStatement(actions=["cloudwatch:GetMetricData"], resources=["*"]))
    assert function.role is not None  # noqa: S101 - each has its own
    acknowledge(function.role, "IAM5[Resource::*]", "IAM allows reading all metrics or none")


def _urls(queues: Sequence[sqs.IQueue]) -> list[str]:
    return [each.queue_url for each in queues]
