"""The lists that notebooks show as tables."""

from noukai_wire.flows import FlowDescription
from noukai_wire.models import JobStatus
from noukai_wire.rows import html_of_flows, html_of_jobs


class FlowTable(list[FlowDescription]):
    """A list of flows that notebooks show as a table."""

    def _repr_html_(self) -> str:
        return html_of_flows(self)


class JobTable(list[JobStatus]):
    """A list of jobs that notebooks show as a table: `JobTable(flow.jobs())`."""

    def _repr_html_(self) -> str:
        return html_of_jobs(self)
