"""Many schedules with the same instants, whose jobs' ends are told to many webhook endpoints."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.local_system import LocalSystem
from tests.soak.reactions.flows.soak import FLOWS
from tests.soak.reactions.receivers import MISBEHAVIOURS, Receivers

ORGS = ("acme", "globex")
MINUTE = 60
_LOOK_SECONDS = 2.0
_PAGE = 100


@dataclass
class Soak:
    """A soak in progress, and its observations.

    Schedules and endpoints take turns with the orgs, and within an org with the flows.
    """

    api: httpx.Client
    receivers: Receivers
    schedules: int
    endpoints: int
    instants: list[int] = field(default_factory=list)
    """The instants at which every schedule must have run, in seconds since the epoch."""
    jobs: list[dict[str, Any]] = field(default_factory=list)
    deliveries: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """What the API knows of the deliveries to each receiver that misbehaves."""

    @classmethod
    @contextmanager
    def prepared(cls, schedules: int, endpoints: int) -> "Iterator[Soak]":
        """Start a system and the receivers; stop both at the end."""
        misbehaving = dict(enumerate(MISBEHAVIOURS))
        with (
            Receivers(misbehaving).open() as receivers,
            LocalSystem.start(Path(__file__).parent / "flows", {}) as system,
            httpx.Client(base_url=system.url, timeout=60) as api,
        ):
            yield cls(api, receivers, schedules, endpoints)

    def run(self, minutes: int, say: Callable[[str], object] = lambda _: None) -> None:
        """Let the schedules run for some minutes; wait until all is told, but no longer than two minutes."""
        for number in range(self.endpoints):
            settings = {"url": self.receivers.url(number), "flow": _flow_of(number)}
            made = self._ask(_org_of(number), "PUT", f"/webhooks/receiver-{number}", json=settings)
            self.receivers.secrets[number] = made["secret"]
        for number in range(self.schedules):
            stated = {"flow": _flow_of(number), "cron": "* * * * *", "message": str(number)}
            self._ask(_org_of(number), "PUT", f"/schedules/every-minute-{number}", json=stated)
        # The tick that sees a new schedule may come a minute later.
        first = int(time.time() // MINUTE + 2) * MINUTE
        self.instants = [first + number * MINUTE for number in range(minutes)]
        say(f"{self.schedules} schedules and {self.endpoints} endpoints; the first instant is in two minutes")
        while (left := self.instants[-1] + MINUTE / 4 - time.time()) > 0:
            time.sleep(min(left, MINUTE / 4))
            say(f"{sum(map(len, self.receivers.told.values()))} events told")
        for number in range(self.schedules):
            self._ask(_org_of(number), "POST", f"/schedules/every-minute-{number}/pause")
        self._settle(say)

    @property
    def expected(self) -> int:
        """Return the number of jobs that must have run."""
        return self.schedules * len(self.instants)

    def told_of(self, job: dict[str, Any]) -> list[int]:
        """Return the receivers that must be told of a job."""
        return [
            number
            for number in range(self.endpoints)
            if job["flow"] == f"{_org_of(number)}/{_flow_of(number)}"
        ]

    def _settle(self, say: Callable[[str], object]) -> None:
        deadline = time.monotonic() + 2 * MINUTE
        while time.monotonic() < deadline:
            self.jobs = [
                job
                for org in ORGS
                for job in self._pages(org, f"/seq/{org}/jobs", "jobs")
                if not self._is_taken_back(job)
            ]
            ended = Counter(job["state"] for job in self.jobs)
            wanted = sum(
                number not in self.receivers.behaviours for job in self.jobs for number in self.told_of(job)
            )
            told = sum(len({each.job_id for each in events}) for events in self.receivers.told.values())
            say(f"jobs: {dict(ended)}; {told} of {wanted} events told")
            if ended.keys() <= {"completed"} and told >= wanted:
                break
            time.sleep(_LOOK_SECONDS)
        for number in self.receivers.behaviours:
            place = f"/webhooks/receiver-{number}/deliveries"
            self.deliveries[number] = list(self._pages(_org_of(number), place, "deliveries"))

    def _is_taken_back(self, job: dict[str, Any]) -> bool:
        """Return whether the pause has cancelled a job before its instant."""
        return job["state"] == "cancelled" and seconds(job["metadata"]["instant"]) > self.instants[-1]

    def _pages(self, org: str, path: str, name: str) -> Iterator[dict[str, Any]]:
        cursor = None
        while True:
            query = {"limit": _PAGE} | ({} if cursor is None else {"cursor": cursor})
            page = self._ask(org, "GET", path, params=query)
            yield from page[name]
            if (cursor := page.get("cursor")) is None:
                return

    def _ask(self, org: str, method: str, path: str, **parts: Any) -> dict[str, Any]:
        key = {"Authorization": f"Bearer nk_local_{org}"}
        answer = self.api.request(method, path, headers=key, **parts)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        body: dict[str, Any] = answer.json()
        return body


def _org_of(number: int) -> str:
    return ORGS[number % len(ORGS)]


def _flow_of(number: int) -> str:
    return f"soak/flow-{number // len(ORGS) % FLOWS}"


def seconds(timestamp: str) -> float:
    """Return a timestamp of the API in seconds since the epoch."""
    return datetime.fromisoformat(timestamp).astimezone(UTC).timestamp()
