"""The log group of the audit log."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from noukai_infra.settings import Settings


def audit_log(scope: Construct, settings: Settings) -> logs.LogGroup:
    """Make the audit log group. It stays when the stack is deleted if the tables do.

    The functions that write it have it as their only log: a subscription or a copy would cost more, and the
    few other lines of these functions are errors of the same requests.
    """
    return logs.LogGroup(
        scope,
        "Audit",
        retention=logs.RetentionDays[settings.audit_retention],
        removal_policy=RemovalPolicy[settings.tables.upper()],
    )
