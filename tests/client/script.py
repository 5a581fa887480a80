"""A player of operations: it records their steps, and answers their requests from a script."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx

from noukai import ExecuteResult, NoukaiError
from noukai._core.api import Api
from noukai._core.operation import Operation, Outcome, Reply, Report, Sleep, Together, advance
from noukai._core.settings import Settings
from noukai._core.waiting import wait as waiting
from noukai._core.waiting.waits import Submitted

T = TypeVar("T")

JOB = "job_1"
ADDRESS = {"org": "acme", "project": "demo", "flow": "word-count"}
ACCEPTED = {
    "id": JOB,
    "state": "pending",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "flow": "acme/demo/word-count",
}


def job(state: str = "running", **fields: Any) -> dict[str, Any]:
    """Return a JobStatus as it stands on the wire."""
    body = {"id": JOB, "state": state, "createdAt": "2026-01-01T00:00:00.000Z", **fields}
    if state == "completed":
        body.setdefault("result", {"status": "completed", "output": 42})
    return body


def unreadable(job_id: str) -> dict[str, Any]:
    """Return the entry of a job that cannot be read, in lists and cancellations of many."""
    return {"id": job_id, "error": {"code": "JOB_NOT_FOUND", "message": f"the row of\n{job_id} says nothing"}}


@dataclass
class Answer:
    """An answer of the API that arrives `took` seconds after its request, or a failure in its place."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    took: float = 0.0
    failure: type[httpx.RequestError] | None = None

    def to(self, request: httpx.Request) -> httpx.Response:
        """Return the response to this request, or raise."""
        if self.failure is not None:
            raise self.failure("broken", request=request)
        content = {"content": self.body} if isinstance(self.body, bytes) else {"json": self.body}
        return httpx.Response(self.status, headers=self.headers, request=request, **content)


def held(state: str = "running", took: float = 0.0, **fields: Any) -> Answer:
    """Return the answer to a held request, which may be followed by the next at once."""
    return Answer(body=job(state, **fields), headers={"Retry-After": "0"}, took=took)


def polled(state: str = "running", interval: float = 1, **fields: Any) -> Answer:
    """Return the answer to a plain status request, with the poll interval that it asks for."""
    return Answer(body=job(state, **fields), headers={"Retry-After": str(interval)})


def refused(status: int, code: str | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Return an error, as the API gives it if there is a code, else as a gateway does."""
    message = f"refused with {status}"
    body = {"detail": {"code": code, "message": message}} if code else {"message": message}
    return Answer(status, body, headers or {})


class Player:
    """A driver of operations on a clock that moves only by their sleeps and by the time of the answers."""

    def __init__(
        self, *, max_retries: int = 3, timeout: float = 30.0, jitter: Callable[[], float] = lambda: 1.0
    ):
        settings = Settings.resolve(
            {}, "nk_test", base_url="https://api.test/api/v1", max_retries=max_retries, timeout=timeout
        )
        self.now = 1000.0
        self.api = Api(settings, clock=lambda: self.now, jitter=jitter)
        self.requests: list[httpx.Request] = []
        self.together: list[int] = []
        """How many requests were sent at once, each time that some were."""
        self.sleeps: list[float] = []

    def play(self, operation: Operation[T], *answers: Answer) -> T:
        """Return the outcome or raise the error of the operation; each answer must be requested."""
        script = iter(answers)
        try:
            outcome = self._perform(operation, script)
        except NoukaiError:
            assert next(script, None) is None, "an answer was not asked for"
            raise
        assert next(script, None) is None, "an answer was not asked for"
        return outcome

    def _perform(self, operation: Operation[T], script: Iterator[Answer]) -> T:
        reply: Reply = None
        while not isinstance(step := advance(operation, reply), Outcome):
            reply = None
            match step:
                case Sleep():
                    self.sleeps.append(step.seconds)
                    self.now += step.seconds
                case Report():
                    step.listener(step.progress)
                case httpx.Request():
                    reply = self._reply(step, script)
                case Together():
                    self.together.append(len(step.requests))
                    reply = [self._reply(request, script) for request in step.requests]
        return step.value

    def _reply(self, request: httpx.Request, script: Iterator[Answer]) -> httpx.Response | httpx.RequestError:
        self.requests.append(request)
        answer = next(script, None)
        assert answer is not None, f"nobody expected {request.method} {request.url}"
        limit = timeout_of(request)
        self.now += min(answer.took, limit)
        if answer.took > limit:
            return httpx.ReadTimeout("late", request=request)
        try:
            return answer.to(request)
        except httpx.RequestError as failure:
            return failure

    @property
    def paths(self) -> list[str]:
        """Return the path and query of every request so far, below the base URL."""
        return [request.url.raw_path.decode().removeprefix("/api/v1") for request in self.requests]


def wait(player: Player, submitted: Submitted | None = None, **terms: Any) -> Operation[ExecuteResult]:
    """Return the wait for the job, as an operation."""
    return waiting.wait(player.api, JOB, waiting.WaitTerms(**terms), submitted)


def timeout_of(request: httpx.Request) -> float:
    """Return the seconds that the request may take."""
    limits: dict[str, float] = request.extensions["timeout"]
    return limits["read"]
