"""The tables of lists, usage, flows and results in a notebook: short, and only text."""

from typing import Any

import httpx
import pytest

from noukai import ExecuteResult, FlowTable, JobStatus, JobTable, UsageReport
from tests.client.conftest import Colour
from tests.client.display.test_display import EVIL, Page
from tests.client.script import job

USE = {"jobs": 3, "completed": 2, "failed": 1, "cancelled": 0, "attempts": 4}
COST = {"computeMs": 1500, "gbSeconds": 1.5, "costUsd": 0.25}
FLOW = {
    "flow": EVIL,
    "description": EVIL,
    "input": {"properties": {EVIL: {}}},
    "timeoutSeconds": 1,
    "maxAttempts": 1,
}


def report(flow: str) -> dict[str, Any]:
    used = {**USE, **COST}
    return {
        "from": "2026-11-01",
        "to": "2026-11-30",
        "days": [{**used, "day": "2026-11-25", "flow": flow}],
        "total": used,
    }


def answer(request: httpx.Request) -> httpx.Response:
    path = request.url.path.removeprefix("/api/v1/")
    bodies: dict[str, Any] = {
        "flows": {"flows": [FLOW]},
        "usage": report(EVIL),
        "seq/acme/demo/echo/jobs": {"jobs": [job("failed", error=EVIL, flow=EVIL)] * 3},
    }
    return httpx.Response(200, json=bodies[path])


def shown(colour: Colour) -> dict[str, str]:
    """Return the HTML of each kind, with the same evil text wherever there is text."""
    client = colour.client(answer)
    jobs = JobTable(colour.collect(client.flow("acme/demo/echo").jobs()))
    of: dict[str, Any] = {
        "flows": colour.run(client.flows()),
        "usage": colour.run(client.usage()),
        "jobs": jobs,
        "result": ExecuteResult(status="completed", output={EVIL: EVIL}),
    }
    return {name: each._repr_html_() for name, each in {**of, "flow": of["flows"][0]}.items()}


def test_tables_of_text(colour: Colour) -> None:
    """A flow's texts become no element, no attribute and no control character."""
    for name, html in shown(colour).items():
        page = Page(html)
        assert set(page.elements) <= {"table", "tr", "th", "td", "pre"}, name
        assert {attribute for attribute, _ in page.attributes} <= {"style"}, name
        assert "alert(1)" in page.text, name
        assert "\x1b" not in html, name


def test_columns_and_total(colour: Colour) -> None:
    """There is a heading, a row for each entry, and a total."""
    text = Page(UsageReport.model_validate(report("acme/demo/echo"))._repr_html_()).text.split("\n")
    assert text[:4] == ["day", "flow", "jobs", "completed"]
    assert text[10:14] == ["2026-11-25", "acme/demo/echo", "3", "2"]
    assert text[20:23] == ["total", "2026-11-01 to 2026-11-30", "3"]
    assert shown(colour)["jobs"].count("<tr>") == 4


def test_long_lists_are_cut() -> None:
    """A notebook stores what it shows; an empty list is shown as such."""
    jobs = JobTable([JobStatus.model_validate(job("completed"))] * 1000)
    assert "… and 900 more" in Page(jobs._repr_html_()).text
    assert len(jobs._repr_html_()) < 100_000
    assert Page(FlowTable()._repr_html_()).text == "none\n"


def test_usage_for_a_data_frame() -> None:
    """A dict for each day and flow, whose values need no library."""
    (day,) = UsageReport.model_validate(report("acme/demo/echo")).to_dicts()
    assert day == {
        **USE,
        "compute_ms": 1500,
        "gb_seconds": 1.5,
        "cost_usd": 0.25,
        "day": "2026-11-25",
        "flow": "acme/demo/echo",
    }


@pytest.mark.parametrize("show", [repr, str])
def test_reprs_are_short(show: Any) -> None:
    """A job with a large output is printed in one line, without absent values."""
    status = JobStatus.model_validate(
        job("completed", result={"status": "completed", "output": "x" * 100_000})
    )
    assert len(show(status)) < 500
    assert "\n" not in show(status)
    assert "None" not in show(status)
