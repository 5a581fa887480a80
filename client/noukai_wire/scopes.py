"""What an API key may allow."""

from enum import StrEnum


class Scope(StrEnum):
    """What a key allows its bearer to do with the jobs of its org."""

    SUBMIT = "submit"
    READ = "read"
    CANCEL = "cancel"
    USAGE = "usage"
