"""A module that ignores the end of its children on import."""

import os
import signal

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
