"""Lists and the cancellation of many jobs, in both colours."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from noukai import InvalidArgumentError, InvalidInputError, UnreadableJobWarning
from tests.client.conftest import Colour
from tests.client.script import Answer, job, refused, unreadable
from tests.client.test_client import Api


def page(*ids: str, cursor: str | None = None) -> Answer:
    more = {} if cursor is None else {"cursor": cursor}
    return Answer(body={"jobs": [{**job("running"), "id": id_} for id_ in ids], **more})


def with_errors(answer: Answer, *ids: str) -> Answer:
    assert isinstance(answer.body, dict)
    return Answer(body={**answer.body, "errors": [unreadable(id_) for id_ in ids]})


def cancelling_api() -> Api:
    first, last = Answer(body={"cancelled": 1, "cursor": "c"}), Answer(body={"cancelled": 7})
    return Api(with_errors(first, "job_1"), with_errors(last, "job_2"))


def test_all_pages_are_gone_through(colour: Colour) -> None:
    """jobs() yields the jobs of every page, also after an empty one, each with the same filter."""
    api = Api(page("job_1", "job_2", cursor="a/b"), page(cursor="c"), page("job_3"))
    flow = colour.client(api).flow("acme/demo/echo")
    jobs = flow.jobs(state="running", created_after=datetime(2026, 1, 1, tzinfo=UTC))
    assert [status.id for status in colour.collect(jobs)] == ["job_1", "job_2", "job_3"]
    first = (
        "GET /api/v1/seq/acme/demo/echo/jobs?state=running&createdAfter=2026-01-01T00%3A00%3A00Z&limit=100"
    )
    assert api.lines == [first, f"{first}&cursor=a%2Fb", f"{first}&cursor=c"]


def test_a_page_is_fetched_when_it_is_wanted(colour: Colour) -> None:
    """No page is requested before one of its jobs is needed."""
    api = Api(page("job_1", "job_2", cursor="c"))
    jobs = colour.client(api).flow("acme/demo/echo").jobs(page_size=2)
    assert api.lines == []
    assert [status.id for status in colour.collect(jobs, most=2)] == ["job_1", "job_2"]
    assert len(api.lines) == 1


def test_lists_of_a_project_and_of_an_org(colour: Colour) -> None:
    """client.jobs() lists the jobs of the client's org, of another org, or of one project."""
    api = Api(page(), page(), page())
    client = colour.client(api, org="acme", project="demo")
    for where in ({}, {"project": "demo"}, {"org": "globex"}):
        assert colour.collect(client.jobs(**where)) == []
    lists = ["acme/jobs", "acme/demo/jobs", "globex/jobs"]
    assert api.lines == [f"GET /api/v1/seq/{each}?limit=100" for each in lists]


def test_many_are_cancelled(colour: Colour) -> None:
    """cancel_jobs() goes on until the last page, and returns the number of cancelled jobs."""
    api = Api(Answer(body={"cancelled": 100, "cursor": "c"}), refused(503), Answer(body={"cancelled": 7}))
    flow = colour.client(api).flow("acme/demo/echo")
    assert colour.run(flow.cancel_jobs(state="pending", created_before="2026-01-01T00:00:00Z")) == 107
    assert api.lines == ["POST /api/v1/seq/acme/demo/echo/jobs/cancel"] * 3
    first = {"state": "pending", "createdBefore": "2026-01-01T00:00:00Z"}
    assert [json.loads(request.content) for request in api.requests] == [
        first,
        *[{**first, "cursor": "c"}] * 2,
    ]


def told(warned: pytest.WarningsRecorder) -> list[tuple[str, str]]:
    """Return what was warned of, and the file that it was ascribed to."""
    return [(str(each.message).split(":")[0], each.filename) for each in warned]


def test_a_list_warns_of_unreadable_jobs(colour: Colour) -> None:
    """There is one warning per job, with its reason, at the line of the loop; the others are yielded."""
    first, last = page("job_1", cursor="c"), page("job_4")
    api = Api(with_errors(first, "job_2", "job_3"), with_errors(last, "job_5"))
    jobs = colour.client(api).flow("acme/demo/echo").jobs()
    with pytest.warns(UnreadableJobWarning) as warned:
        assert [status.id for status in colour.collect(jobs)] == ["job_1", "job_4"]
    assert told(warned) == [(f"job_{n} is left out", Colour.collect.__code__.co_filename) for n in (2, 3, 5)]
    assert str(warned[-1].message).endswith(": the row of\njob_5 says nothing")


def test_a_cancellation_warns_of_unreadable_jobs(colour: Colour) -> None:
    """Each warning has the line of the call."""
    api = cancelling_api()
    flow = colour.client(api).flow("acme/demo/echo")

    async def awaited() -> int:
        return int(await flow.cancel_jobs())

    with pytest.warns(UnreadableJobWarning) as warned:
        assert (colour.run(awaited()) if colour.is_awaiting else flow.cancel_jobs()) == 8
    assert told(warned) == [("job_1 is left out", __file__), ("job_2 is left out", __file__)]


def test_a_cancellation_is_finished_before_it_warns(colour: Colour) -> None:
    """If warnings are errors, all jobs that can be cancelled are cancelled first."""
    api = cancelling_api()
    with pytest.raises(UnreadableJobWarning, match="job_1"):  # as pytest is set up here
        colour.run(colour.client(api).flow("acme/demo/echo").cancel_jobs())
    assert len(api.lines) == 2


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"state": "done"}, "state: "),
        ({"created_after": "yesterday"}, "created_after: "),
        ({"created_before": datetime(2026, 1, 1)}, "created_before: "),  # noqa: DTZ001 - it is what is wrong
        ({"colour": "blue"}, "colour: "),
    ],
)
def test_wrong_filters_send_nothing(colour: Colour, wrong: dict[str, Any], said: str) -> None:
    """An invalid filter is refused at the call, before any request."""
    api = Api()
    client = colour.client(api, org="acme")
    for call in (client.jobs, client.flow("acme/demo/echo").jobs):
        with pytest.raises(InvalidArgumentError, match=said):
            call(**wrong)
    with pytest.raises(InvalidArgumentError, match=said):
        colour.run(client.flow("acme/demo/echo").cancel_jobs(**wrong))
    assert api.lines == []


@pytest.mark.parametrize("size", [0, 101])
def test_wrong_page_sizes(colour: Colour, size: int) -> None:
    """A page holds 1 to 100 jobs."""
    with pytest.raises(InvalidArgumentError, match="page_size"):
        colour.client(Api()).flow("acme/demo/echo").jobs(page_size=size)


def test_a_list_needs_an_org(colour: Colour) -> None:
    """The error says where to set it."""
    with pytest.raises(InvalidArgumentError, match="NOUKAI_ORG"):
        colour.client(Api()).jobs()


def test_a_refused_list_raises(colour: Colour) -> None:
    """An error of the API comes out of the iteration."""
    with pytest.raises(InvalidInputError, match="refused with 422"):
        colour.collect(colour.client(Api(refused(422, "INVALID_INPUT"))).flow("acme/demo/echo").jobs())
