"""The steps of the local system's start, by which it says how far it is."""

from enum import StrEnum


class Step(StrEnum):
    """What the local system does next, as it shows it; the line with `ready` follows on the last."""

    BUILD = "building the flows and the stack's template ..."
    DEPLOY = "deploying the stack on this machine ..."
    ANSWER = "waiting for the API's first answer ..."
