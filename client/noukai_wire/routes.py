"""Every route of the API, shared by the gateway, the functions and the client."""

from enum import Enum
from urllib.parse import quote

BASE_PATH = "/api/v1"
DEFAULT_ROUTE = "$default"
"""How the gateway names the route of all requests that no other matches."""

_FLOW = "/seq/{org}/{project}/{flow}"


class Route(Enum):
    """A method and a path template below `BASE_PATH`; a variable is one whole segment.

    Two forms of one route differ only in how they name the job: below its flow, or by its id alone. The three
    lists differ in whose jobs they hold: a flow's, a project's or an org's.
    """

    SUBMIT = ("POST", _FLOW + "/jobs")
    SUBMIT_VERSION = ("POST", _FLOW + "/{version}/jobs")
    UPLOAD = ("POST", _FLOW + "/uploads")
    SUBMIT_JOBS = ("POST", _FLOW + "/jobs/batch")
    EXECUTE = ("POST", _FLOW + "/execute")
    EXECUTE_VERSION = ("POST", _FLOW + "/{version}/execute")
    STATUS = ("GET", _FLOW + "/jobs/{id}")
    STATUS_BY_ID = ("GET", "/jobs/{id}")
    STATUSES = ("POST", "/jobs/status")
    WAIT = ("GET", _FLOW + "/jobs/{id}/wait")
    WAIT_BY_ID = ("GET", "/jobs/{id}/wait")
    CANCEL = ("POST", _FLOW + "/jobs/{id}/cancel")
    CANCEL_BY_ID = ("POST", "/jobs/{id}/cancel")
    CANCEL_JOBS = ("POST", _FLOW + "/jobs/cancel")
    RETRY = ("POST", _FLOW + "/jobs/{id}/retry")
    RETRY_BY_ID = ("POST", "/jobs/{id}/retry")
    LIST_JOBS = ("GET", _FLOW + "/jobs")
    LIST_PROJECT = ("GET", "/seq/{org}/{project}/jobs")
    LIST_ORG = ("GET", "/seq/{org}/jobs")
    FLOWS = ("GET", "/flows")
    USAGE = ("GET", "/usage")
    OPENAPI = ("GET", "/openapi.json")
    HEALTH = ("GET", "/healthz")

    @property
    def method(self) -> str:
        """Return the HTTP method."""
        return self.value[0]

    @property
    def template(self) -> str:
        """Return the path below `BASE_PATH`, with its variables in braces."""
        return self.value[1]

    @property
    def key(self) -> str:
        """Return the route as an HTTP API names it, for instance `GET /api/v1/jobs/{id}`."""
        return f"{self.method} {BASE_PATH}{self.template}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys of all requests that it answers: where `GET` is, `HEAD` is too."""
        return (self.key, f"HEAD {BASE_PATH}{self.template}") if self.method == "GET" else (self.key,)

    @property
    def variables(self) -> tuple[str, ...]:
        """Return the names of the template's variables, in their order."""
        return tuple(part[1:-1] for part in self.template.split("/") if part.startswith("{"))

    def path(self, **variables: str) -> str:
        """Return the path below `BASE_PATH` with its variables filled in and escaped."""
        return self.template.format(**{name: quote(value, safe="") for name, value in variables.items()})
