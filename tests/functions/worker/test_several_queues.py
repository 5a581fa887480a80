"""A worker kind may have several queues: jobs are spread over them, and each delivery knows its own."""

import json
from typing import Any

import pytest

from noukai_functions.deployment import Deployment
from noukai_functions.jobs.queues.queue import JobQueue, JobQueues

URLS = [f"https://sqs.us-east-1.amazonaws.com/123456789012/jobs-{number}" for number in (1, 2, 3)]


def queues(further: dict[str, list[str]]) -> JobQueues:
    client: Any = None
    return JobQueues(JobQueue(client, URLS[0]), {"m512": "https://m512"}, further)


def test_jobs_are_spread_by_their_ids() -> None:
    """Evenly, and a repeated message of a job goes to the same queue."""
    found = queues({"default": URLS[1:]})
    chosen = [found.of(None, f"job_{number}").url for number in range(3000)]
    assert all(900 < chosen.count(url) < 1100 for url in URLS)
    assert chosen == [found.of(None, f"job_{number}").url for number in range(3000)]


def test_other_worker_kinds_keep_their_only_queue() -> None:
    """Also a kind whose queue the environment does not have yet, which is the default's."""
    found = queues({"default": URLS[1:]})
    assert {found.of("m512", f"job_{number}").url for number in range(50)} == {"https://m512"}
    assert {found.of("m9", f"job_{number}").url for number in range(50)} == set(URLS)
    assert {queues({}).of(None, f"job_{number}").url for number in range(50)} == {URLS[0]}


@pytest.mark.parametrize("url", URLS)
def test_worker_hides_a_delivery_in_the_queue_that_it_came_from(url: str) -> None:
    name = url.rpartition("/")[2]
    client: Any = None
    first = JobQueue(client, URLS[0])
    assert first.or_further(URLS[1:], f"arn:aws:sqs:us-east-1:123456789012:{name}").url == url


def test_submissions_read_the_queues_from_the_environment() -> None:
    made = Deployment({"QUEUE_URL": URLS[0], "FURTHER_QUEUES": json.dumps({"default": URLS[1:]})})
    made._sqs = None  # type: ignore[assignment]  # nothing is sent
    assert {made.queues.of(None, f"job_{number}").url for number in range(50)} == set(URLS)
