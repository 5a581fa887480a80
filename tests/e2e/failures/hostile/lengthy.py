"""A module whose import takes longer than its flow may run, like one that loads a model."""

import os
import time

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    time.sleep(2.5)


@flow(max_attempts=1, timeout=1)
def work() -> str:
    """Work."""
    return "done"
