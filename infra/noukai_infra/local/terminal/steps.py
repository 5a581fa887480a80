"""The steps of the local system's start, for its progress display."""

from enum import StrEnum


class Step(StrEnum):
    """A step as shown; a line with `ready` follows the last one."""

    BUILD = "building the flows and the stack's template ..."
    DEPLOY = "deploying the stack on this machine ..."
    ANSWER = "waiting for the API's first answer ..."
