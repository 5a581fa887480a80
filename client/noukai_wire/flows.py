"""The descriptions of flows."""

from typing import Any

from noukai_wire import rows
from noukai_wire.models import WireModel


class FlowDescription(WireModel):
    """A flow of the deployment: its address and how to call it. `input` and `output` are JSON Schemas.

    `worker` is its worker kind, such as `ml` or `m2048-b10-t60` (MB, batch size, timeout); None is the
    default. `keep_seconds` and `output` are None if the deployment is older than this client.
    """

    flow: str
    description: str | None = None
    input: dict[str, Any]
    output: dict[str, Any] | None = None
    timeout_seconds: int
    max_attempts: int
    keep_seconds: int | None = None
    worker: str | None = None

    def _repr_html_(self) -> str:
        return rows.html_of_flows([self])


class FlowList(WireModel):
    """The flows of the deployment."""

    flows: list[FlowDescription]
