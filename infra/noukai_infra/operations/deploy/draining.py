"""The draining of worker kinds that no flow asks for: they stay until their jobs have ended."""

from collections.abc import Iterable

from noukai_infra.operations.account import Account, resources
from noukai_infra.stack.base.worker_kinds import deployed_queues, further_queues, further_sent


def kinds_to_keep(account: Account, stack: str) -> list[str]:
    """Return the worker kinds of the deployed stack that the next deploy must keep.

    A worker kind that the deployed flows ask for stays, even with an empty queue, because jobs are sent to it
    until the update ends. A draining one stays while its queue holds a message or a schedule will send one.
    """
    outputs = account.outputs(stack) or {}
    queues, further = deployed_queues(outputs), further_queues(outputs)
    return [
        name
        for name, queue in queues.items()
        if not queue.is_draining or _is_used(account, stack, (queue.url, *further.get(name, ())))
    ]


def queues_to_keep(account: Account, stack: str) -> list[str]:
    """Return the worker kinds with several queues, and how many of these the next deploy must keep.

    Those that jobs are sent to stay, because jobs are sent until the update ends; of the others, those up to
    the last that holds a message or that a schedule will send to.
    """
    outputs = account.outputs(stack) or {}
    sent = further_sent(outputs)
    kept = []
    for name, urls in further_queues(outputs).items():
        used = [place for place, url in enumerate(urls, 1) if _is_used(account, stack, [url])]
        if most := max([sent.get(name, 0), *used]):
            kept.append(f"{name}:{1 + most}")
    return kept


def draining_kinds(account: Account, stack: str) -> list[str]:
    """Return the worker kinds of a deployed stack that no flow asks for."""
    return [name for name, queue in deployed_queues(account.deployed(stack)).items() if queue.is_draining]


def _is_used(account: Account, stack: str, urls: Iterable[str]) -> bool:
    """Return whether one of some queues has a message, or a schedule will send one."""
    return any(_has_messages(account, url) or _is_scheduled(account, stack, url) for url in urls)


def _has_messages(account: Account, url: str) -> bool:
    """Return whether a queue has a message: visible, in flight or delayed."""
    answer = account.session.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    return any(
        int(count)
        for name, count in answer["Attributes"].items()
        if name.startswith("ApproximateNumberOfMessages")
    )


def _is_scheduled(account: Account, stack: str, url: str) -> bool:
    """Return whether a schedule will send a message to a queue."""
    pages = account.session.client("scheduler").get_paginator("list_schedules")
    return any(
        schedule["Target"]["Arn"].rpartition(":")[2] == url.rpartition("/")[2]
        for group in resources(account.session, stack, "AWS::Scheduler::ScheduleGroup")
        for page in pages.paginate(GroupName=group)
        for schedule in page["Schedules"]
    )
