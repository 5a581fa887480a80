"""A module that changes its own file on import."""

import os
from pathlib import Path

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    with Path(__file__).open("a") as source:
        source.write("\n# imported once more\n")


@flow(max_attempts=1, timeout=2)
def work() -> str:
    """Work."""
    return "done"
