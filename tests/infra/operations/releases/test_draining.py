"""A worker that no flow asks for any more stays in the stack for as long as something waits for it."""

import time
from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from noukai_functions.delayed_messages import DelayedMessages
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.queues.queue import JobQueue, Message
from noukai_infra.operations.account import Account, OperatorError, resources
from noukai_infra.operations.deploy.deploy import Plan, deploy
from noukai_infra.operations.deploy.draining import draining_kinds, kinds_to_keep
from tests.infra.operations.recording_cdk import RecordingCdk

HOUR_MS = 3_600_000
ASKED = ["m2048-e1024-c33-b10-t60", "m512"]
MESSAGE = Message("job_a", 1, "acme", "demo/echo", {})


@pytest.fixture
def queue(account_with_kinds: Account) -> Iterator[JobQueue]:
    """Yield the queue that is draining, empty."""
    sqs = account_with_kinds.session.client("sqs")
    url = account_with_kinds.deployed("noukai")["DrainingQueueUrlT60"]
    yield JobQueue(sqs, url)
    sqs.purge_queue(QueueUrl=url)


def test_worker_that_is_asked_for_stays(account_with_kinds: Account) -> None:
    """Even with an empty queue, since jobs may be sent there until it is replaced; an idle one goes."""
    assert kinds_to_keep(account_with_kinds, "noukai") == ASKED


def test_stack_that_is_not_there_keeps_nothing(account_with_kinds: Account) -> None:
    """The first deploy has nothing to lose."""
    assert kinds_to_keep(account_with_kinds, "another") == []


def test_operator_hears_which_workers_are_draining(account_with_kinds: Account) -> None:
    assert draining_kinds(account_with_kinds, "noukai") == ["t60"]


@pytest.mark.parametrize("delay", [0, 900], ids=["waiting", "hidden"])
def test_worker_stays_while_its_queue_holds_a_message(
    account_with_kinds: Account, queue: JobQueue, delay: int
) -> None:
    """Also one that nobody can receive now."""
    queue.send(MESSAGE, delay_seconds=delay)
    assert sorted(kinds_to_keep(account_with_kinds, "noukai")) == sorted([*ASKED, "t60"])


def test_worker_stays_while_it_works(account_with_kinds: Account, queue: JobQueue) -> None:
    """Its message is in flight then, and comes back if it dies."""
    queue.send(MESSAGE)
    queue.client.receive_message(QueueUrl=queue.url)
    assert "t60" in kinds_to_keep(account_with_kinds, "noukai")


def test_worker_stays_while_a_schedule_will_send_to_it(account_with_kinds: Account, queue: JobQueue) -> None:
    """A job may be submitted a year ahead."""
    (group,) = resources(account_with_kinds.session, "noukai", "AWS::Scheduler::ScheduleGroup")
    attributes = queue.client.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])[
        "Attributes"
    ]
    client = account_with_kinds.session.client("scheduler")
    delayed = DelayedMessages(client, group, attributes["QueueArn"], "arn:aws:iam::000000000000:role/any")
    delayed.create(MESSAGE, time.time_ns() // 1_000_000 + HOUR_MS, queue)
    assert "t60" in kinds_to_keep(account_with_kinds, "noukai")
    delayed.delete(Job("job_a", "acme", "demo/echo", State.CANCELLED, 1, 0, 1, b"", HOUR_MS, 1))
    assert "t60" not in kinds_to_keep(account_with_kinds, "noukai")


def test_deployment_is_told_which_workers_stay(account_with_kinds: Account) -> None:
    """As a setting of the stack; what the operator says goes last."""
    cdk = RecordingCdk({})
    deploy(
        account_with_kinds,
        cdk,
        "noukai",
        Plan(context=["--context", "tables=destroy"], options=["--verbose"], confirm=lambda: True),
    )
    synth, bootstrap, deployed = cdk.asked[-3:]
    assert (synth[0], bootstrap[0]) == ("synth", "bootstrap")
    assert synth[-4:] == ("--context", f"draining={','.join(ASKED)}", "--context", "tables=destroy")
    # The CDK command asks before it widens rights.
    assert deployed == ("deploy", "noukai", "--verbose")


def test_deployment_that_nobody_watches_is_not_asked_about(account_with_kinds: Account) -> None:
    """As in CI."""
    cdk = RecordingCdk({})
    deploy(account_with_kinds, cdk, "noukai", Plan())
    assert cdk.asked[-1] == ("deploy", "noukai", "--require-approval", "never")


@pytest.mark.parametrize("is_wanted", [True, False])
def test_differences_are_shown_before_they_are_deployed(account_with_kinds: Account, is_wanted: bool) -> None:
    """What was shown is what is deployed, once; a no leaves everything as it is."""
    cdk = RecordingCdk({})
    with nullcontext() if is_wanted else pytest.raises(OperatorError, match="Nothing was deployed"):
        deploy(account_with_kinds, cdk, "noukai", Plan(confirm=lambda: is_wanted, has_diff=True))
    asked = [each[0] for each in cdk.asked if each[0] != "bootstrap"]
    assert asked == ["synth", "diff", *(["deploy"] if is_wanted else [])]
