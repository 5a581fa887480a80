"""The webhook endpoint of an org, as its row holds it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from noukai_functions.names import ENDPOINT_FIELDS, ENDPOINT_PREFIX, OLD_SECRETS, USAGE_KEY, USAGE_ORG

ROTATION_MS = 24 * 60 * 60 * 1000
"""How long a secret also signs after a rotation."""

MOST_SECRETS = 5
"""The most secrets that sign at once; a further rotation ends the oldest."""

SLOW_MS = 5_000
"""An endpoint that takes longer to answer is sent to apart from the others, so that it delays none."""

DISABLE_AFTER_MS = 5 * 24 * 60 * 60 * 1000
"""An endpoint is disabled when every try of so long has failed."""

MOST_FAILURES = 3
"""The failed answers in a row that suspend an endpoint; one that gives no answer is suspended at once."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A webhook endpoint. Times are in milliseconds since the epoch."""

    org: str
    name: str
    made: str
    """A random text that tells it from an earlier endpoint of the same name."""
    url: str
    events: tuple[str, ...]
    flow: str | None
    """The only flow whose events it gets, as `project/flow`; None for every flow."""
    created_at: int
    version: int = 1
    """The version of its secret."""
    old_until: Mapping[int, int] | None = None
    """Until when the older versions of the secret also sign."""
    failures: int = 0
    """The number of failed tries since the last success."""
    failing_since: int | None = None
    suspended_until: int | None = None
    """When one event is tried again; until that succeeds, every other event waits."""
    suspensions: int = 0
    """The number of suspensions since the last success."""
    disabled_at: int | None = None
    disabled_reason: str | None = None
    due_at: int | None = None
    """When to look at its waiting deliveries next; None if none wait."""
    claimed_until: int | None = None
    """Until when somebody looks at them now, if that is also when to look next."""
    woken_at: int | None = None
    """When a delivery last began to wait."""

    @property
    def key(self) -> dict[str, Any]:
        """Return the key of its row."""
        return key_of(self.org, self.name)

    @property
    def deliveries(self) -> str:
        """Return the partition of its deliveries."""
        return f"{self.org}#{self.name}#{self.made}"

    def versions(self, now: int) -> list[int]:
        """Return the versions of its secret that sign, the newest first."""
        old = [version for version, until in (self.old_until or {}).items() if until > now]
        return [self.version, *sorted(old, reverse=True)]

    @property
    def is_suspended(self) -> bool:
        """Return whether events wait until one that is tried has succeeded."""
        return self.suspended_until is not None

    def wants(self, event: str, flow: str) -> bool:
        """Return whether it asks for an event of a flow's jobs."""
        return event in self.events and self.flow in (None, flow)


def key_of(org: str, name: str) -> dict[str, Any]:
    """Return the key of an endpoint's row."""
    return {USAGE_ORG: {"S": org}, USAGE_KEY: {"S": f"{ENDPOINT_PREFIX}{name}"}}


_TEXTS = frozenset({"made", "url", "flow", "disabled_reason"})


def encode(endpoint: Endpoint) -> dict[str, Any]:
    """Return the row of an endpoint that has nothing waiting."""
    row = dict(endpoint.key)
    for field, name in ENDPOINT_FIELDS.items():
        value = getattr(endpoint, field)
        if value is None or field in ("due_at", "events"):
            continue
        row[name] = {"S": value} if field in _TEXTS else {"N": str(value)}
    row[ENDPOINT_FIELDS["events"]] = {"SS": list(endpoint.events)}
    return row | encoded_old(endpoint.old_until or {})


def encoded_old(old_until: Mapping[int, int]) -> dict[str, Any]:
    """Return the attribute of older secrets, empty if there are none."""
    if not old_until:
        return {}
    return {OLD_SECRETS: {"M": {str(version): {"N": str(until)} for version, until in old_until.items()}}}


def decode(row: Mapping[str, Any]) -> Endpoint:
    """Return the endpoint in a row."""
    values: dict[str, Any] = {
        "org": row[USAGE_ORG]["S"],
        "name": row[USAGE_KEY]["S"].removeprefix(ENDPOINT_PREFIX),
    }
    for field, name in ENDPOINT_FIELDS.items():
        if name in row and field != "events":
            values[field] = row[name]["S"] if field in _TEXTS else int(row[name]["N"])
    old = row.get(OLD_SECRETS, {}).get("M", {})
    return Endpoint(
        **{"flow": None, **values},
        events=tuple(sorted(row[ENDPOINT_FIELDS["events"]]["SS"])),
        old_until={int(version): int(until["N"]) for version, until in old.items()},
    )
