"""The routes of the API, shared by the gateway, the functions and the client."""

from enum import Enum
from urllib.parse import quote

from noukai_wire.scopes import Scope

BASE_PATH = "/api/v1"
DEFAULT_ROUTE = "$default"
"""The gateway's route for requests that match no other."""

_FLOW = "/seq/{org}/{project}/{flow}"


class Route(Enum):
    """A method, a path template below `BASE_PATH`, and scopes; a variable is one whole segment.

    The two forms of a route differ in how they name the job: below its flow, or by its id alone. The three
    lists differ in their scope: a flow, a project or an org.
    """

    SUBMIT = ("POST", _FLOW + "/jobs", Scope.SUBMIT)
    SUBMIT_VERSION = ("POST", _FLOW + "/{version}/jobs", Scope.SUBMIT)
    UPLOAD = ("POST", _FLOW + "/uploads", Scope.SUBMIT)
    SUBMIT_JOBS = ("POST", _FLOW + "/jobs/batch", Scope.SUBMIT)
    EXECUTE = ("POST", _FLOW + "/execute", Scope.SUBMIT, Scope.READ)
    EXECUTE_VERSION = ("POST", _FLOW + "/{version}/execute", Scope.SUBMIT, Scope.READ)
    STATUS = ("GET", _FLOW + "/jobs/{id}", Scope.READ)
    STATUS_BY_ID = ("GET", "/jobs/{id}", Scope.READ)
    STATUSES = ("POST", "/jobs/status", Scope.READ)
    WAIT = ("GET", _FLOW + "/jobs/{id}/wait", Scope.READ)
    WAIT_BY_ID = ("GET", "/jobs/{id}/wait", Scope.READ)
    LOGS = ("GET", _FLOW + "/jobs/{id}/logs", Scope.READ)
    LOGS_BY_ID = ("GET", "/jobs/{id}/logs", Scope.READ)
    EVENTS = ("GET", _FLOW + "/jobs/{id}/events", Scope.READ)
    EVENTS_BY_ID = ("GET", "/jobs/{id}/events", Scope.READ)
    INPUT = ("GET", _FLOW + "/jobs/{id}/input", Scope.READ)
    INPUT_BY_ID = ("GET", "/jobs/{id}/input", Scope.READ)
    # For the published SDKs.
    TRACE = ("GET", _FLOW + "/runs/{id}/trace", Scope.READ)
    STEP_TRACE = ("GET", _FLOW + "/runs/{id}/steps/{step}/trace", Scope.READ)
    TRACE_STREAM = ("GET", _FLOW + "/runs/{id}/trace/stream", Scope.READ)
    CANCEL = ("POST", _FLOW + "/jobs/{id}/cancel", Scope.CANCEL)
    CANCEL_BY_ID = ("POST", "/jobs/{id}/cancel", Scope.CANCEL)
    CANCEL_JOBS = ("POST", _FLOW + "/jobs/cancel", Scope.CANCEL)
    # Needs the read scope, since its refusals tell how the old job ended.
    RETRY = ("POST", _FLOW + "/jobs/{id}/retry", Scope.SUBMIT, Scope.READ)
    RETRY_BY_ID = ("POST", "/jobs/{id}/retry", Scope.SUBMIT, Scope.READ)
    LIST_JOBS = ("GET", _FLOW + "/jobs", Scope.READ)
    LIST_PROJECT = ("GET", "/seq/{org}/{project}/jobs", Scope.READ)
    LIST_ORG = ("GET", "/seq/{org}/jobs", Scope.READ)
    LIST_SCHEDULES = ("GET", "/schedules", Scope.SCHEDULES)
    PUT_SCHEDULE = ("PUT", "/schedules/{name}", Scope.SCHEDULES)
    SCHEDULE = ("GET", "/schedules/{name}", Scope.SCHEDULES)
    DELETE_SCHEDULE = ("DELETE", "/schedules/{name}", Scope.SCHEDULES)
    PAUSE_SCHEDULE = ("POST", "/schedules/{name}/pause", Scope.SCHEDULES)
    RESUME_SCHEDULE = ("POST", "/schedules/{name}/resume", Scope.SCHEDULES)
    TRIGGER_SCHEDULE = ("POST", "/schedules/{name}/trigger", Scope.SCHEDULES)
    LIST_WEBHOOKS = ("GET", "/webhooks", Scope.WEBHOOKS)
    PUT_WEBHOOK = ("PUT", "/webhooks/{name}", Scope.WEBHOOKS)
    WEBHOOK = ("GET", "/webhooks/{name}", Scope.WEBHOOKS)
    DELETE_WEBHOOK = ("DELETE", "/webhooks/{name}", Scope.WEBHOOKS)
    ROTATE_WEBHOOK = ("POST", "/webhooks/{name}/rotate", Scope.WEBHOOKS)
    TEST_WEBHOOK = ("POST", "/webhooks/{name}/test", Scope.WEBHOOKS)
    WEBHOOK_DELIVERIES = ("GET", "/webhooks/{name}/deliveries", Scope.WEBHOOKS)
    REDELIVER = ("POST", "/webhooks/{name}/redeliver", Scope.WEBHOOKS)
    LIST_KEYS = ("GET", "/keys", Scope.KEYS)
    CREATE_KEY = ("POST", "/keys", Scope.KEYS)
    REVOKE_KEY = ("DELETE", "/keys/{name}", Scope.KEYS)
    MAKE_TOKEN = ("POST", "/tokens", Scope.KEYS)
    FLOWS = ("GET", "/flows")
    USAGE = ("GET", "/usage", Scope.USAGE)
    SYSTEM_HEALTH = ("GET", "/health", Scope.OPS)
    OPENAPI = ("GET", "/openapi.json")
    HEALTH = ("GET", "/healthz")

    def __init__(self, method: str, template: str, *scopes: Scope) -> None:
        self.method = method
        self.template = template
        """The path below `BASE_PATH`, with its variables in braces."""
        self.scopes = scopes
        """The scopes that a key needs, all of them."""

    @property
    def key(self) -> str:
        """Return the key of the route in an HTTP API, for instance `GET /api/v1/jobs/{id}`."""
        return f"{self.method} {BASE_PATH}{self.template}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of all requests that it answers; a `GET` route also answers `HEAD`."""
        return (self.key, f"HEAD {BASE_PATH}{self.template}") if self.method == "GET" else (self.key,)

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the template's variables, in order."""
        return tuple(part[1:-1] for part in self.template.split("/") if part.startswith("{"))

    def path(self, **variables: str) -> str:
        """Return the path below `BASE_PATH` with its variables filled in and escaped."""
        return self.template.format(**{name: quote(value, safe="") for name, value in variables.items()})
