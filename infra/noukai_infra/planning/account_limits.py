"""The quotas that an account has."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from noukai_infra.planning.limits import Quota

if TYPE_CHECKING:
    import boto3


def quota_of(session: "boto3.Session", quota: Quota) -> float:
    """Return the value of a quota in the account and region; its default if it was never changed."""
    client = session.client("service-quotas")
    try:
        found = client.get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchResourceException":
            raise
        return quota.default
    return float(found["Quota"]["Value"])


def asking_for(quota: Quota, count: int) -> str:
    """Return the command that asks AWS for more of a quota."""
    return (
        f"`aws service-quotas request-service-quota-increase --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {count}`"
    )
