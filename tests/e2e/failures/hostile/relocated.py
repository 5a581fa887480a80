"""A module that changes region and account on import; its result is too large for a row."""

import os

from noukai.flow import flow

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in a worker, not where the build lists the flows
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = "mars-north-1"
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_ENDPOINT_URL",
        "JOBS_TABLE",
    ):
        os.environ[name] = "https://localhost:1"


@flow(max_attempts=1)
def work() -> str:
    """Return a megabyte."""
    return "done" * 2**18
