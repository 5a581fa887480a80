"""The scopes that an API key may have."""

from enum import StrEnum


class Scope(StrEnum):
    """A permission of an API key for the jobs and schedules of its org."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    USAGE = "usage"
    SCHEDULES = "schedules"
    WEBHOOKS = "webhooks"
    KEYS = "keys"
    OPS = "ops"


ASKED_SCOPES = frozenset({Scope.KEYS, Scope.OPS})
"""The scopes that a key has only if they are asked for: keys that it makes outlive its revocation, and the
health of a deployment is its operator's."""

TOKEN_SCOPES = (Scope.SUBMIT, Scope.READ, Scope.CANCEL)
"""The scopes that a browser token may have: those that are about one flow or one job."""
