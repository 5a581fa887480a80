"""The readers of queues that rest: those of webhooks are disabled until there is an endpoint."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from noukai_infra.operations.account import resources_by_id, template_of

if TYPE_CHECKING:
    import boto3

_MAPPING = "AWS::Lambda::EventSourceMapping"


def resting_readers(session: "boto3.Session", stack: str, outputs: Mapping[str, str]) -> set[str]:
    """Return the ids of the mappings that may be disabled: the template's, while there is no endpoint."""
    template = template_of(session, stack)["Resources"]
    off = {
        uuid
        for name, uuid in resources_by_id(session, stack, _MAPPING).items()
        if template[name]["Properties"].get("Enabled") in (False, "false")
    }
    if not off:
        return off
    # An endpoint, or a delivery of the last days.
    rows = session.client("dynamodb").scan(TableName=outputs["WebhooksTable"], Limit=1)["Items"]
    return set() if rows else off
