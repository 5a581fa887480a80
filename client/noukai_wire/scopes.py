"""The scopes that an API key may have."""

from enum import StrEnum


class Scope(StrEnum):
    """A permission of an API key for the jobs of its org."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    USAGE = "usage"
