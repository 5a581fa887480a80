"""The draining of worker kinds that no flow asks for: they stay until their jobs have ended."""

from noukai_infra.operations.account import Account, resources
from noukai_infra.stack.base.worker_kinds import DeployedQueue, deployed_queues


def kinds_to_keep(account: Account, stack: str) -> list[str]:
    """Return the worker kinds of the deployed stack that the next deploy must keep.

    A worker kind that the deployed flows ask for stays, even with an empty queue, because jobs are sent to it
    until the update ends. A draining one stays while its queue holds a message or a schedule will send one.
    """
    queues = deployed_queues(account.outputs(stack) or {})
    return [
        name
        for name, queue in queues.items()
        if not queue.is_draining or _has_messages(account, queue) or _is_scheduled(account, stack, queue)
    ]


def draining_kinds(account: Account, stack: str) -> list[str]:
    """Return the worker kinds of a deployed stack that no flow asks for."""
    return [name for name, queue in deployed_queues(account.deployed(stack)).items() if queue.is_draining]


def _has_messages(account: Account, queue: DeployedQueue) -> bool:
    """Return whether a queue has a message: visible, in flight or delayed."""
    answer = account.session.client("sqs").get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])
    return any(
        int(count)
        for name, count in answer["Attributes"].items()
        if name.startswith("ApproximateNumberOfMessages")
    )


def _is_scheduled(account: Account, stack: str, queue: DeployedQueue) -> bool:
    """Return whether a schedule will send a message to a queue."""
    pages = account.session.client("scheduler").get_paginator("list_schedules")
    return any(
        schedule["Target"]["Arn"].rpartition(":")[2] == queue.name
        for group in resources(account.session, stack, "AWS::Scheduler::ScheduleGroup")
        for page in pages.paginate(GroupName=group)
        for schedule in page["Schedules"]
    )
