"""The functions `status` and `wait` on a simulated clock, over jobs whose lives are known in advance."""

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

import httpx

from noukai_functions.access.api_keys import ApiKeys
from noukai_functions.deployment import Deployment
from noukai_functions.handlers import status, wait
from noukai_functions.jobs.estimate import Estimate
from noukai_functions.jobs.lifecycle import Job, State
from noukai_functions.jobs.row import encode
from noukai_functions.jobs.table import JobsTable
from noukai_wire.routes import Route
from tests.bench.account.lambda_pool import LambdaPool
from tests.bench.account.timeline import Timeline
from tests.job_rows import pending

BASE_URL = "https://api.test/api/v1"
KEY = "nk_bench"
ROUND_TRIP = 0.05
WORK = 0.01
"""The part of a round trip in which the function is busy; holding the request comes on top."""
_TRANSIT = (ROUND_TRIP - WORK) / 2


@dataclass
class Life:
    """One job: its events in milliseconds since the epoch, and the cost of waiting for it."""

    id: str
    created_at: float
    claimed_at: float
    ended_at: float
    estimate: Estimate | None = None
    refined: list[tuple[float, Estimate | None]] = field(default_factory=list)
    """When the worker wrote another estimate, made from the flow's progress."""
    requests: int = 0
    refused: int = 0
    held_seconds: float = 0.0
    read_units: float = 0.0
    noticed_at: float = 0.0

    def at(self, now: float) -> Job:
        """Return the job as its row describes it at that time."""
        job = pending(int(self.created_at), id=self.id, flow="bench/flow", digest=b"digest")
        if now < self.claimed_at:
            return job
        job = replace(
            job,
            state=State.RUNNING,
            attempt=1,
            started_at=int(self.claimed_at),
            lease_until=int(now) + 60_000,
        )
        if now < self.ended_at:
            estimate = next((each for at, each in reversed(self.refined) if at <= now), self.estimate)
            return replace(job, **estimate._asdict()) if estimate else job
        return replace(
            job, state=State.COMPLETED, lease_until=None, completed_at=int(self.ended_at), result="1"
        )


@dataclass
class _Tables:
    """The calls of DynamoDB that an answer makes."""

    timeline: Timeline
    lives: dict[str, Life]

    def get_item(self, *, TableName: str, Key: Any, ConsistentRead: bool = True) -> dict[str, Any]:  # noqa: N803
        if TableName == "keys":
            return {"Item": {"org": {"S": "acme"}, "scopes": {"SS": ["read"]}}}
        life = self.lives[Key["id"]["S"]]
        life.read_units += 1.0 if ConsistentRead else 0.5
        return {"Item": encode(life.at(self.timeline.time))}

    def update_item(self, **_: Any) -> dict[str, Any]:
        """Note when a key was last used."""
        return {}


@dataclass
class SimulatedApi:
    """Answers as the gateway and the functions would give them; each takes a round trip and its hold."""

    timeline: Timeline
    pool: LambdaPool = field(default_factory=LambdaPool)
    lives: dict[str, Life] = field(default_factory=dict)

    def __post_init__(self) -> None:
        tables: Any = _Tables(self.timeline, self.lives)
        clock: Any = self.timeline
        self._deployment = Deployment({}, clock=clock)
        self._deployment.table = JobsTable(tables, "jobs")
        self._deployment.api_keys = ApiKeys(tables, "keys", clock)

    def send(self, request: httpx.Request) -> httpx.Response:
        """Perform a client's request, and add its cost to the life of its job."""
        self.timeline.sleep(_TRANSIT)
        *_, kind = path = request.url.path.removeprefix("/api/v1").split("/")
        life = self.lives[path[2]]
        life.requests += 1
        function = "wait" if kind == "wait" else "status"
        if not self.pool.take(function):
            life.refused += 1
            self.timeline.sleep(_TRANSIT)
            return httpx.Response(429, json={"message": "Too Many Requests"}, request=request)
        self.timeline.sleep(WORK)
        begun = self.timeline.time
        answered = self._answer(function, life, request)
        life.held_seconds += (self.timeline.time - begun) / 1000
        self.pool.give_back(function)
        self.timeline.sleep(_TRANSIT)
        return httpx.Response(
            answered["statusCode"], headers=answered["headers"], content=answered["body"], request=request
        )

    def _answer(self, function: str, life: Life, request: httpx.Request) -> dict[str, Any]:
        route, handler = {
            "wait": (Route.WAIT_BY_ID, wait.handler),
            "status": (Route.STATUS_BY_ID, status.handler),
        }[function]
        event = {
            "routeKey": route.key,
            "headers": {"authorization": f"Bearer {KEY}"},
            "requestContext": {"requestId": "r", "timeEpoch": self.timeline.now()},
            "pathParameters": {"id": life.id},
            "queryStringParameters": dict(parse_qsl(request.url.query.decode())),
        }
        return handler.answer(event, self._deployment)
