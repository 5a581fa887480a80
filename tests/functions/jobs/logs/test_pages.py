"""The pages of a log: bounds, places, several attempts, large logs, and the end."""

from typing import Any

import pytest

from noukai_functions.jobs.lifecycle import START_WITHIN_MS, State
from noukai_functions.logs.attempt_log import MOST_BYTES, MOST_LINES
from noukai_functions.names import EXPIRES_AT
from noukai_infra.local.emulator.endpoint import Endpoint
from noukai_wire.errors import ErrorCode
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.jobs.logs.asking import lines, messages, page, run


def item(system: System, job_id: str, attempt: int = 1) -> dict[str, Any]:
    """Return the item of an attempt's log."""
    answer: Any = system.deployment.table.client.get_item(
        TableName="jobs", Key={"id": {"S": f"{job_id}#log#{attempt}"}}
    )
    return dict(answer["Item"])


def all_messages(system: System, job_id: str, limit: int) -> list[str]:
    """Return what all pages say, each asked for with the place of the one before."""
    said: list[str] = []
    found = page(system, job_id, f"limit={limit}")
    while True:
        said += [line["message"] for line in found["lines"]]
        if found["done"] and len(found["lines"]) < limit:
            return said
        found = page(system, job_id, f"limit={limit}&after={found['after']}")


@pytest.mark.parametrize("limit", [1, 3, 4, 1000])
def test_pages_join_without_gap_or_repeat(system: System, limit: int) -> None:
    job_id = run(system, "print-lines", parameters={"count": 12, "size": 4})
    assert [each.strip("x ") for each in all_messages(system, job_id, limit)] == [*map(str, range(12))]


def test_empty_page_of_the_end_keeps_its_place(system: System) -> None:
    """Asking again after the end gives the same page."""
    job_id = run(system, "print-lines", parameters={"count": 2})
    end = page(system, job_id)
    again = page(system, job_id, f"after={end['after']}")
    assert (again["lines"], again["after"], again["done"], again["dropped"]) == ([], end["after"], True, 0)


def test_attempts_follow_each_other(system: System) -> None:
    """Each line names its attempt; one attempt can be asked for alone."""
    job_id = run(system, "raise-after", message="no")
    assert (page(system, job_id)["done"], page(system, job_id, "attempt=1")["done"]) == (False, False)
    system.clock.time += 60_000
    system.deployment.queue.send(system.message_of(job_id, arguments={"message": "no"}))
    system.deliver()
    assert system.row(job_id).state is State.FAILED
    shown = [(line["attempt"], line["message"].split("\n")[0]) for line in lines(system, job_id)]
    trace = "Traceback (most recent call last):"
    assert shown == [(1, "attempt 1"), (1, trace), (2, "attempt 2"), (2, trace)]
    assert messages(system, job_id, "attempt=2")[0] == "attempt 2"
    first = page(system, job_id, "attempt=1&limit=1")
    assert page(system, job_id, f"attempt=1&after={first['after']}")["done"]
    assert messages(system, job_id, f"after={first['after']}")[1] == "attempt 2"


@pytest.mark.parametrize(
    "query",
    [
        "after=", "after=x", "after=1-x", "after=0-1", "after=21-0", "after=1-1234567890",
        "after=1-1-", "after=1-1-x", "after=%D9%A1-1",
        "attempt=0", "attempt=21", "limit=0", "limit=1001", "seconds=21",
    ],
)  # fmt: skip
def test_invalid_query_is_named(system: System, query: str) -> None:
    job_id = system.submit(parameters={"a": 1}).body["id"]
    answer = system.send(Route.LOGS_BY_ID, id=job_id, query=f"{query}x" if query == "after=" else query)
    assert (answer.status, answer.code) == (422, ErrorCode.INVALID_INPUT)
    assert answer.body["detail"]["errors"][0]["path"] == query.partition("=")[0]


def test_line_is_cut_at_16_kilobytes(system: System) -> None:
    """Its end says how long it was; its neighbours are whole."""
    texts = ["before\n", "x" * 40_000, "x" * 40_000, "\nafter\n"]
    before, cut, after = messages(system, run(system, "write", parameters={"texts": texts}))
    assert (before, after) == ("before", "after")
    assert len(cut.encode()) == 16 * 1024
    assert cut.endswith("x… [cut: 80000 bytes]")


def test_character_that_two_writes_share(system: System) -> None:
    job_id = run(system, "write", parameters={"texts": ["1\n2\n\n3\r\n", "4\n\r5"]})
    assert messages(system, job_id) == ["1", "2", "", "3", "4", "5"]


def test_small_log_is_one_item(system: System) -> None:
    """It is kept as long as its job, and a read more finds it."""
    job_id = run(system, "print-lines", parameters={"count": 100})
    stored = item(system, job_id)
    row = system.row(job_id)
    assert row.expires_at is not None
    assert 0 <= int(stored[EXPIRES_AT]["N"]) - row.expires_at <= 3600
    assert len(stored["b"]["B"]) < 1024
    del system.calls[:]
    lines(system, job_id)
    assert [operation for operation, _ in system.calls] == ["GetItem", "BatchGetItem"]


def test_log_of_an_attempt_before_the_last_is_kept_as_long(system: System) -> None:
    """Its job may end as late as its deadline to start."""
    job_id = run(system, "raise-after", message="no")
    kept = int(item(system, job_id)[EXPIRES_AT]["N"]) * 1000 - system.clock.time
    assert START_WITHIN_MS + 7 * 86_400_000 <= kept <= START_WITHIN_MS + 7 * 86_400_000 + 3_600_000


def test_large_log_is_in_objects(large: System) -> None:
    """Beyond the bound lines are only counted: on the page of the line that says so."""
    job_id = run(large, "print-lines", parameters={"count": MOST_LINES + 10, "size": 30})
    assert large.status(job_id)["state"] == "completed"
    pages: list[Any] = []
    place = "1-0"
    while not pages or not pages[-1]["done"]:
        pages.append(page(large, job_id, f"limit=1000&after={place}"))
        place = pages[-1]["after"]
    said = [line["message"] for each in pages for line in each["lines"]]
    assert [int(each.rstrip("x")) for each in said[:-1]] == [*range(MOST_LINES)]
    assert said[-1].startswith("10 more lines (")
    assert [each["dropped"] for each in pages] == [*[0] * (len(pages) - 1), 10]
    stored = item(large, job_id)
    assert len(str(stored)) < 1024
    first = int(stored["n"]["N"])
    assert page(large, job_id, f"after=1-{first}&limit=1")["lines"][0]["message"].startswith(f"{first} ")


def test_log_of_many_bytes_is_bounded(large: System) -> None:
    job_id = run(large, "print-lines", parameters={"count": 6000, "size": 1000})
    said = all_messages(large, job_id, 1000)
    assert MOST_BYTES <= sum(len(each) for each in said[:-1]) < MOST_BYTES + 1000
    assert said[-1].startswith(f"{6000 - len(said) + 1:,} more lines (")


def test_segment_that_is_gone_is_told(large: System, s3: Endpoint) -> None:
    """The others are shown, and the lost lines are counted."""
    job_id = run(large, "print-lines", parameters={"count": 40_000, "size": 30})
    stored = item(large, job_id)
    s3.client("s3").delete_object(Bucket=large.deployment.objects.bucket, Key=f"{stored['k']['S']}0")
    first = page(large, job_id, "limit=2")
    assert first["dropped"] > 10_000
    assert first["lines"][0]["message"] == f"{first['dropped']} lines are lost: it is gone"
    assert first["lines"][1]["message"].startswith(f"{first['dropped']} ")


def test_id_that_is_used_again_has_a_new_log(system: System) -> None:
    """What an earlier job of the id has left is not shown, and a place in its log begins the new one."""
    key = {"idempotency-key": "once"}
    body = {"message": "no", "options": {"keepSeconds": 3600}}
    job_id = run(system, "raise-after", headers=key, **body)
    old = page(system, job_id)["after"]
    system.send(Route.CANCEL_BY_ID, id=job_id)
    system.clock.time += 3_600_000
    assert run(system, "silent", headers=key) != job_id
    again = system.submit("speaking/raise-after", headers=key, **body).body["id"]
    assert again == job_id
    assert page(system, job_id)["lines"] == []
    system.deliver()
    assert messages(system, job_id)[0] == "attempt 1"
    assert messages(system, job_id, f"after={old}") == messages(system, job_id)
    of_an_earlier_release = old.rpartition("-")[0]
    assert messages(system, job_id, f"after={of_an_earlier_release}") == []


def test_other_orgs_get_404(system: System) -> None:
    job_id = run(system, "print-lines", parameters={"count": 1})
    system.key = "nk_globex"
    assert system.send(Route.LOGS_BY_ID, id=job_id).code == ErrorCode.JOB_NOT_FOUND
