"""The steps of the local system's start, for its progress."""

from enum import StrEnum


class Step(StrEnum):
    """A step as shown; the line with `ready` follows the last."""

    BUILD = "building the flows and the stack's template ..."
    DEPLOY = "deploying the stack on this machine ..."
    ANSWER = "waiting for the API's first answer ..."
