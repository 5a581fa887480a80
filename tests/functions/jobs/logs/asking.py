"""Questions that tests ask of jobs' logs."""

from typing import Any

from noukai_wire.routes import Route
from tests.functions.harness import System


def page(system: System, job_id: str, query: str = "limit=1000") -> Any:
    """Return the body of a page."""
    answer = system.send(Route.LOGS_BY_ID, id=job_id, query=query)
    assert answer.status == 200, answer.body
    return answer.body


def lines(system: System, job_id: str, query: str = "limit=1000") -> list[dict[str, Any]]:
    """Return the lines of a page."""
    found: list[dict[str, Any]] = page(system, job_id, query)["lines"]
    return found


def messages(system: System, job_id: str, query: str = "limit=1000") -> list[str]:
    """Return what the lines of a page say."""
    return [line["message"] for line in lines(system, job_id, query)]


def run(system: System, flow: str, **body: Any) -> str:
    """Submit a job of a flow of the project `speaking`, and deliver its message once."""
    job_id: str = system.submit(f"speaking/{flow}", **body).body["id"]
    system.deliver()
    return job_id
