"""A module that writes into every descriptor on import."""

import os
from contextlib import suppress

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    for number in range(1024):
        with suppress(OSError):
            os.set_blocking(number, False)
            os.write(number, b'["Returned", "done", {"x": [[[[\0\n')


@flow(max_attempts=1)
def work() -> str:
    """Work."""
    return "done"
