"""A module that fails at every second import."""

import os
from pathlib import Path

from noukai.flow import flow

MOOD = Path(__file__).with_suffix(".mood")

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    with MOOD.open("a") as file:
        file.write("x")
    if MOOD.stat().st_size % 2:
        raise ConnectionError("the licence server is busy")


@flow(max_attempts=5, backoff=0.1)
def work() -> str:
    """Work."""
    return "done"
