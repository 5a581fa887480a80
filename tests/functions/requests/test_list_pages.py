"""Pages while jobs arrive: none is skipped and none is shown twice."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.row import order
from noukai_wire.routes import Route
from tests.functions.harness import System
from tests.functions.requests.lists import job_of

FLOWS = ("trial/add", "trial/greet")
PATHS = {
    Route.LIST_JOBS: {"org": "acme", "project": "trial", "flow": "add"},
    Route.LIST_PROJECT: {"org": "acme", "project": "trial"},
    Route.LIST_ORG: {"org": "acme"},
}
ARRIVALS = st.lists(
    st.tuples(st.sampled_from(FLOWS), st.sampled_from((State.PENDING, State.FAILED)), st.integers(0, 1)),
    max_size=4,
)
"""Each job's flow, its state, and whether time has passed since the one before: many share a moment."""


@dataclass
class Arriving:
    """The jobs that have arrived."""

    system: System
    jobs: list[Job]
    number: int = 0

    def add(self, arrivals: list[tuple[str, State, int]]) -> None:
        for flow, state, passed in arrivals:
            self.system.clock.time += passed
            self.number += 37
            # Ids are unordered.
            job = replace(
                job_of(self.number % 101), flow=flow, state=state, created_at=self.system.clock.time
            )
            self.system.deployment.table.create(job, self.system.clock.time)
            self.jobs.append(job)

    def leave(self) -> None:
        """Clear the table for the next example."""
        for job in self.jobs:
            self.system.deployment.table.client.delete_item(TableName="jobs", Key={"id": {"S": job.id}})


@pytest.mark.parametrize("route", PATHS, ids=lambda route: route.name)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=ARRIVALS.map(lambda arrivals: arrivals * 2),
    later=st.lists(ARRIVALS, max_size=4),
    limit=st.integers(1, 5),
    state=st.sampled_from([None, State.FAILED]),
)
def test_no_job_is_skipped_or_repeated(  # noqa: PLR0917 - pytest and Hypothesis name them all
    system: System,
    route: Route,
    first: list[tuple[str, State, int]],
    later: list[list[tuple[str, State, int]]],
    limit: int,
    state: State | None,
) -> None:
    """A job from before the first page is listed once, a later one at most once, the newest first."""
    arriving = Arriving(system, [])
    arriving.add(first)
    there = {job.id for job in arriving.jobs}
    query, ids = f"limit={limit}" + (f"&state={state}" if state else ""), list[str]()
    cursor: str | None = ""
    while cursor is not None:
        answer = system.send(route, query=query + cursor, **PATHS[route])
        assert answer.status == 200, answer.body
        ids += [job["id"] for job in answer.body["jobs"]]
        cursor = f"&cursor={answer.body['cursor']}" if "cursor" in answer.body else None
        arriving.add(later.pop() if later else [])
    arriving.leave()
    meant = {
        job.id: order(job)
        for job in arriving.jobs
        if state in (None, job.state) and (route is not Route.LIST_JOBS or job.flow == FLOWS[0])
    }
    assert len(set(ids)) == len(ids)
    assert there & meant.keys() <= set(ids) <= meant.keys()
    assert [meant[id_] for id_ in ids] == sorted((meant[id_] for id_ in ids), reverse=True)
