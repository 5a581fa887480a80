"""The zero of `Started` that says that jobs wait: starts in the same minute outweigh it.

A sum of zero over some minutes then means that jobs wait and none starts; without jobs there is no line.
"""

from noukai_functions.names import STARTED
from noukai_functions.telemetry.emf import Metrics


def note_waiting(metrics: Metrics, kind: str, *times: int) -> None:
    """Write that jobs of a worker kind wait at these times, in milliseconds since the epoch.

    CloudWatch accepts times up to two hours ahead.
    """
    for at in times:
        metrics.write({STARTED: 0}, at, kind=kind)
