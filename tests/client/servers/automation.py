"""The schedules and webhook endpoints of the small API."""

from typing import Any

from tests.client.script import job

INSTANTS = ["2026-12-01T08:00:00.000Z", "2026-12-02T08:00:00.000Z", "2026-12-03T08:00:00.000Z"]
DIGEST = {
    "name": "digest-u7",
    "flow": "acme/mail/digest",
    "cron": "0 9 * * mon-fri",
    "zone": "Europe/Berlin",
    "overlap": "allow",
    "missed": "latest",
    "source": "api",
    "state": "active",
    "createdAt": "2026-11-30T12:00:00.000Z",
    "changedAt": "2026-11-30T12:00:00.000Z",
    "next": INSTANTS[:1],
}


SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"
BILLING = {
    "name": "billing",
    "url": "https://hooks.example.com/jobs",
    "events": ["job.completed", "job.failed", "job.cancelled"],
    "createdAt": "2026-11-30T12:00:00.000Z",
}
CI = {
    "name": "ci",
    "id": "1f0c6d1b2a3e",
    "scopes": ["read"],
    "createdAt": "2026-11-30T12:00:00.000Z",
    "madeBy": "admin",
}
DELIVERY = {
    "id": "msg_abcdefghijklmnopqrstuvwxyz",
    "type": "job.failed",
    "state": "waiting",
    "jobId": "job_1",
    "flow": "acme/demo/echo",
    "createdAt": "2026-11-30T12:00:00.000Z",
    "tries": 2,
    "status": 503,
    "nextTryAt": "2026-11-30T12:05:00.000Z",
    "answer": "over\nloaded",
}


class Automation:
    """The schedules and endpoints that there are, by name, and what was sent about them."""

    def __init__(self) -> None:
        self.schedules: dict[str, dict[str, Any]] = {"digest-u7": DIGEST}
        self.keys: dict[str, dict[str, Any]] = {"ci": CI}
        self.webhooks: dict[str, dict[str, Any]] = {"billing": BILLING}
        self.bodies: list[Any] = []

    def answer(  # noqa: PLR0911 - one for each route
        self, method: str, path: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any] | None:
        """Return the status and the body of the answer; None if there is no such thing."""
        self.bodies.append(body)
        match method, path:
            case "GET", ["keys"]:
                return 200, {"keys": list(self.keys.values())}
            case "POST", ["keys"]:
                self.keys[body["name"]] = {**CI, "name": body["name"]}
                return 201, {**self.keys[body["name"]], "key": "nk_made"}
            case "DELETE", ["keys", name] if self.keys.pop(name, None):
                return 204, None
            case "GET", ["schedules"]:
                return 200, {"schedules": list(self.schedules.values())}
            case "PUT", ["schedules", name]:
                self.schedules[name] = {**DIGEST, **body, "name": name}
                return 201, self.schedules[name]
            case "GET", ["webhooks"]:
                return 200, {"webhooks": list(self.webhooks.values())}
            case "PUT", ["webhooks", name]:
                is_new = name not in self.webhooks
                self.webhooks[name] = {**BILLING, **body, "name": name}
                return (
                    (201, {**self.webhooks[name], "secret": SECRET}) if is_new else (200, self.webhooks[name])
                )
            case _, ["webhooks", name, *rest] if name in self.webhooks:
                return self._of_webhook(method, name, rest, query, body)
            case _, ["schedules", name, *rest] if name in self.schedules:
                return self._of_schedule(method, name, rest, query)
        return None

    def _of_schedule(
        self, method: str, name: str, rest: list[str], query: dict[str, list[str]]
    ) -> tuple[int, Any] | None:
        schedule = self.schedules[name]
        match method, rest:
            case "GET", []:
                count = int(query.get("next", ["1"])[0])
                return 200, {**schedule, "next": INSTANTS[:count]}
            case "DELETE", []:
                del self.schedules[name]
                return 204, None
            case "POST", ["pause" | "resume" as verb]:
                schedule = {**schedule, "state": {"pause": "paused", "resume": "active"}[verb]}
                self.schedules[name] = schedule
                return 200, schedule
            case "POST", ["trigger"]:
                return 202, {**job("pending"), "id": "job_done", "flow": schedule["flow"]}
        return None

    def _of_webhook(  # noqa: PLR0911 - one for each route
        self, method: str, name: str, rest: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any] | None:
        match method, rest:
            case "GET", []:
                return 200, self.webhooks[name]
            case "DELETE", []:
                del self.webhooks[name]
                return 204, None
            case "POST", ["rotate"]:
                return 200, {**self.webhooks[name], "secret": SECRET}
            case "POST", ["test"]:
                return 202, {"id": DELIVERY["id"]}
            case "GET", ["deliveries"]:
                last = {"deliveries": [{**DELIVERY, "state": "delivered", "id": "msg_2"}]}
                return 200, last if "cursor" in query else {"deliveries": [DELIVERY], "cursor": "c"}
            case "POST", ["redeliver"]:
                return 202, {"redelivered": 3} if "cursor" in body else {"redelivered": 100, "cursor": "c"}
        return None
