"""A module that starts a timer on import, whose signals interrupt everything."""

import os
import signal

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
