"""Lists, read page by page as a client does, and jobs to fill them."""

from typing import Any

from noukai_functions.jobs.lifecycle import Job
from noukai_wire.models import JobList
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.job_rows import pending

ADD = {"org": "acme", "project": "trial", "flow": "add"}
LISTS = (Route.LIST_JOBS, Route.LIST_PROJECT, Route.LIST_ORG)


def path_of(route: Route, **changes: str) -> dict[str, str]:
    """Return the variables that the gateway finds in the path of a route."""
    return {name: text for name, text in {**ADD, **changes}.items() if f"{{{name}}}" in route.template}


def submit(system: System, flow: str = "trial/add", **body: Any) -> str:
    """Submit a job a second after the one before."""
    system.clock.time += 1000
    job_id: str = system.submit(flow, **{"parameters": {"a": 1}, **body}).body["id"]
    return job_id


def listed(system: System, query: str = "", route: Route = Route.LIST_JOBS, **path: str) -> list[str]:
    """Return the ids of all pages, in their order."""
    ids: list[str] = []
    cursor = ""
    for _ in range(100):
        answer = system.send(route, query="&".join(filter(None, [query, cursor])), **path_of(route, **path))
        assert answer.status == 200, answer.body
        page = JobList.model_validate(answer.body)
        ids += [job.id for job in page.jobs]
        if page.cursor is None:
            return ids
        cursor = f"cursor={page.cursor}"
    raise AssertionError("this never ends")


def operations(system: System) -> list[str]:
    return [operation for operation, _ in system.calls]


def job_of(number: int) -> Job:
    """Return a job that has waited for that many milliseconds."""
    now = 1_700_000_000_000
    values = {"flow": "trial/add", "max_attempts": 1, "metadata": {"number": str(number)}}
    return pending(now - number, id=f"job_{number:026}", **values)
