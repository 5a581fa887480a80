"""A key with a rate may call that many times a second, over all processes; other keys cost nothing."""

from collections import Counter
from contextlib import suppress

import pytest

from noukai_functions.deployment import Deployment
from noukai_functions.refusals import TooManyCallsError
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.stand_ins.calls import hook


@pytest.fixture(autouse=True)
def _key(system: System) -> None:
    system.add_key("nk_limited", "acme", rate=2)
    system.key = "nk_limited"


def statuses(system: System, calls: int) -> list[int]:
    return [system.send(Route.FLOWS).status for _ in range(calls)]


def test_calls_beyond_the_limit_are_refused_until_the_second_is_over(system: System) -> None:
    """The refusal has the code and says when to come again."""
    system.clock.time += 250
    assert statuses(system, 3) == [200, 200, 429]
    answer = system.send(Route.SUBMIT, body={}, org="acme", project="trial", flow="add")
    assert (answer.status, answer.code) == (429, ErrorCode.RATE_LIMITED)
    assert (answer.headers["Retry-After"], answer.headers["Retry-After-Ms"]) == ("1", "750")
    system.clock.time += 750
    assert statuses(system, 3) == [200, 200, 429]


def test_processes_count_together(system: System) -> None:
    """Processes have caches of their own, but share one count."""
    other = Deployment(system.deployment.environment, system.deployment.asset, system.deployment.clock)
    first = system.deployment
    answered = []
    for deployment in (first, other, first, other):
        system.deployment = deployment
        answered += statuses(system, 1)
    assert answered == [200, 200, 429, 429]


def test_keys_count_apart(system: System) -> None:
    """A key whose rate is used up does not stop another key, even of the same org."""
    system.add_key("nk_other", "acme", rate=1)
    assert statuses(system, 3) == [200, 200, 429]
    system.key = "nk_other"
    assert statuses(system, 2) == [200, 429]


def test_call_costs_a_write_where_there_is_a_limit(system: System) -> None:
    """A key without a rate writes nothing, nor does a process that saw it exceeded in that second."""
    costs = {}
    for key in ("nk_limited", "nk_acme"):
        system.key = key
        statuses(system, 1)
        del system.calls[:]
        statuses(system, 4)
        costs[key] = [operation for operation, _ in system.calls]
    assert costs == {"nk_limited": ["UpdateItem"] * 2, "nk_acme": []}


def test_wrong_key_is_refused_without_a_rate(system: System) -> None:
    """It is refused before anything is counted."""
    system.key = "nk_unknown"
    assert statuses(system, 4) == [401] * 4


def test_counts_are_forgotten(system: System) -> None:
    """The counts are deleted by the table's time to live."""
    statuses(system, 1)
    (row,) = system.deployment.table.client.scan(TableName="usage")["Items"]
    assert int(row["t"]["N"]) == system.clock.time // 1000 + 3600


def test_calls_for_the_document_count_too(system: System) -> None:
    """The document is open to everybody, but a key that asks for its own flows uses up its rate."""
    assert [system.send(Route.OPENAPI).status for _ in range(3)] == [200, 200, 429]


def test_high_limit_is_counted_in_parts(system: System) -> None:
    """No row counts more than 500 calls a second, since it takes a thousand writes; the sum is exact."""
    limits, limit = system.deployment.rate_limits, 1201
    counted = Counter[str]()
    hook(limits.client, "UpdateItem", before=lambda asked: counted.update([asked["Key"]["o"]["S"]]))
    allowed = 0
    for _ in range(limit + 50):
        with suppress(TooManyCallsError):
            limits.count("digest", limit)
            allowed += 1
    assert allowed == limit
    assert counted == {"#rate/digest": 501, "#rate/digest#1": 501, "#rate/digest#2": 202}


@pytest.mark.parametrize("own", [1, 501])
def test_keys_of_one_counter_make_no_more_calls_than_the_widest(system: System, own: int) -> None:
    """Whatever the limits of the narrower keys are, which their maker chooses."""
    limits = system.deployment.rate_limits
    allowed = Counter[int]()
    for limit in sorted({1, min(500, own), own // 2 + 1, own}):
        for _ in range(limit + 5):
            with suppress(TooManyCallsError):
                limits.count("digest", limit)
                allowed[limit] += 1
    # A refused call counts, too.
    assert own // 2 < allowed.total() <= own
    assert all(allowed[limit] <= limit for limit in allowed)


def test_a_narrower_key_that_is_refused_refuses_no_wider_one(system: System) -> None:
    """A process remembers of each limit that it is exceeded."""
    limits = system.deployment.rate_limits
    limits.count("digest", 1)
    with pytest.raises(TooManyCallsError):
        limits.count("digest", 1)
    limits.count("digest", 5)
