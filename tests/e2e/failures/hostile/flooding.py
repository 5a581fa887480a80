"""A module that writes 16 MB on import."""

import os
import sys

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    for _ in range(256):
        sys.stdout.write("x" * 2**16 + "\n")


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
