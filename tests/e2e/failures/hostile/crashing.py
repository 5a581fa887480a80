"""A module that crashes on import."""

import ctypes
import os

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    ctypes.string_at(0)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
