"""A deployment with schedules, whose ticks and clock a test moves."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from noukai_functions.handlers import tick
from noukai_functions.jobs.lifecycle import Job
from noukai_wire.routes import Route
from tests.functions.harness import Answer, System

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def at(text: str) -> int:
    """Return a time in UTC, such as `2026-03-29 00:59:10`, in milliseconds since the epoch."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@dataclass
class Scheduled:
    """The functions of a deployment, asked as an org with a key of every scope."""

    system: System

    def at(self, text: str) -> None:
        """Set the clock."""
        self.system.clock.time = at(text)

    def put(self, name: str = "report", **changes: Any) -> Answer:
        body = {"flow": "trial/add", "cron": "0 * * * *", "parameters": {"a": 1}, **changes}
        return self.system.send(Route.PUT_SCHEDULE, body=body, name=name)

    def get(self, name: str = "report", query: str = "") -> Any:
        answer = self.system.send(Route.SCHEDULE, name=name, query=query)
        assert answer.status == 200, answer.body
        return answer.body

    def send(self, route: Route, name: str = "report") -> Answer:
        return self.system.send(route, name=name)

    def tick(self) -> None:
        tick.run(self.system.deployment, lambda: True)

    def pass_minutes(self, minutes: int) -> None:
        """Let minutes pass, with a tick in each."""
        for _ in range(minutes):
            self.system.clock.time += MINUTE
            self.tick()

    def jobs(self, *, cancelled: bool = False) -> list[Job]:
        """Return the jobs of schedules by their instants; those taken back only if they are asked for."""
        rows = [self.system.row(job_id) for job_id in self.system.jobs()]
        made = [job for job in rows if "schedule" in (job.metadata or {})]
        shown = [job for job in made if cancelled or job.cancelled_by is None]
        return sorted(shown, key=lambda job: (job.metadata or {}).get("instant", ""))

    def instants(self, *, cancelled: bool = False) -> list[str]:
        """Return the instants of the jobs, as `14T09:00`: day, hour and minute."""
        return [
            (job.metadata or {})["instant"][8:16]
            for job in self.jobs(cancelled=cancelled)
            if "instant" in (job.metadata or {})
        ]

    def end(self, job: Job) -> None:
        """Let a worker complete a job."""
        table, now = self.system.deployment.table, self.system.clock.time
        claimed = table.claim(
            job.id,
            created_at=job.created_at,
            owner="worker",
            lease_until=now + MINUTE,
            now=max(now, job.not_before or 0),
        )
        table.complete(replace(claimed), result="1", now=now)
