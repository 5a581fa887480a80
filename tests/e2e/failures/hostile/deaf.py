"""A module that handles and blocks every signal on import."""

import os
import signal

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
