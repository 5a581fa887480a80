"""A function with SnapStart: what it does before its snapshot is taken, and after each restore.

Times need no care: what is kept until a time compares it with the clock, which Lambda sets after a restore,
and monotonic deadlines never reach from INIT into a request.
"""

from snapshot_restore_py import register_after_restore, register_before_snapshot

from noukai_functions.aws.container_credentials import forget_credentials
from noukai_functions.deployment import Deployment
from noukai_functions.randomness import renew_randomness

_SECONDS = 7.0
"""Lambda gives all hooks ten seconds after a restore."""


def register_hooks(deployment: Deployment) -> None:
    """Register the hooks of a function with Lambda's runtime, which runs them."""
    register_before_snapshot(before_snapshot, deployment)
    register_after_restore(after_restore, deployment)


def before_snapshot(deployment: Deployment) -> None:
    """Close connections, and let the flow processes run their hooks."""
    deployment.disconnect()
    if "processes" in vars(deployment):
        deployment.processes.tell("before_snapshot", _SECONDS)


def after_restore(deployment: Deployment) -> None:
    """Make this environment differ from all others that are restored from the same snapshot.

    Credentials and secrets are read again, and connections opened.
    """
    renew_randomness()
    deployment.disconnect()
    forget_credentials()
    if "secrets" in vars(deployment) and deployment.secrets:
        deployment.secrets.read_again()
    if "processes" in vars(deployment):
        deployment.processes.tell("after_restore", _SECONDS)
    deployment.connect()
