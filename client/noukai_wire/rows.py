"""The rows of jobs, flows, usage, schedules and webhooks, for tables in terminals and notebooks."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from noukai_wire.display import html_of_rows, one_line, progress_line, text_of_duration

if TYPE_CHECKING:
    from noukai_wire.flows import FlowDescription
    from noukai_wire.keys import Key
    from noukai_wire.models import JobStatus
    from noukai_wire.schedules import Schedule
    from noukai_wire.usage import UsageReport, Use
    from noukai_wire.webhooks import Webhook, WebhookDelivery

Row = Mapping[str, str]

NUMBERS = frozenset(
    {"jobs", "completed", "failed", "cancelled", "attempts", "seconds", "GB-seconds", "USD", "tries"}
)
"""The columns of numbers, which are aligned right."""


def job_row(job: "JobStatus") -> Row:
    """Return a job as a row."""
    return {
        "job": one_line(job.id),
        "state": one_line(job.state),
        "submitted": one_line(job.created_at),
        "ran for": "" if job.ran_for is None else text_of_duration(job.ran_for),
        "flow": one_line(job.flow or ""),
        "said": one_line(job.error or (progress_line(job.progress) if job.progress else "")),
    }


def usage_rows(report: "UsageReport") -> list[Row]:
    """Return the usage as rows: one for each day and flow, and a total."""
    rows = [{"day": usage.day, "flow": one_line(usage.flow), **_usage_cells(usage)} for usage in report.days]
    return [*rows, {"day": "total", "flow": f"{report.from_} to {report.to}", **_usage_cells(report.total)}]


def budget_line(report: "UsageReport") -> str | None:
    """Return what is left of the monthly budget as a line; None for an org without one."""
    budget = report.budget
    if budget is None:
        return None
    parts = [] if budget.jobs_left is None else [f"{budget.jobs_left} of {budget.jobs} jobs"]
    if budget.usd is not None and budget.usd_left is not None:
        parts.append(f"{budget.usd_left:.2f} of {budget.usd:.2f} USD")
    return f"left of {one_line(budget.month)}: {', '.join(parts)}" if parts else None


def schedule_row(schedule: "Schedule") -> Row:
    """Return a schedule as a row."""
    return {
        "name": one_line(schedule.name),
        "state": one_line(schedule.state),
        "next": one_line(next(iter(schedule.next), "")),
        "flow": one_line(schedule.flow),
        "cron": one_line(schedule.cron),
        "zone": one_line(schedule.zone),
        "problem": one_line(schedule.problem or ""),
    }


def key_row(key: "Key") -> Row:
    """Return a key as a row."""
    return {
        "name": one_line(key.name),
        "id": one_line(key.id),
        "scopes": one_line(" ".join(key.scopes)),
        "for": one_line(" ".join([*(key.flows or []), *(key.addresses or [])])),
        "rate": "" if key.rate is None else f"{key.rate}/s",
        "used": one_line(key.last_used_on or "never"),
        "ends": one_line("revoked" if key.revoked_at else (key.expires_at or "never")[:10]),
        "made by": one_line(key.made_by),
    }


def webhook_row(webhook: "Webhook") -> Row:
    """Return a webhook endpoint as a row."""
    state = "disabled" if webhook.disabled_at else "failing" if webhook.failing_since else "active"
    return {
        "name": one_line(webhook.name),
        "state": state,
        "events": one_line(" ".join(event.removeprefix("job.") for event in webhook.events)),
        "flow": one_line(webhook.flow or ""),
        "url": one_line(webhook.url),
        "problem": one_line(webhook.disabled_reason or ""),
    }


def delivery_row(delivery: "WebhookDelivery") -> Row:
    """Return a delivery as a row."""
    said = delivery.error or delivery.answer or ""
    return {
        "webhook-id": one_line(delivery.id),
        "type": one_line(delivery.type),
        "state": one_line(delivery.state),
        "tries": str(delivery.tries),
        "status": "" if delivery.status is None else str(delivery.status),
        "event": one_line(delivery.created_at),
        "next try": one_line(delivery.next_try_at or ""),
        "job": one_line(delivery.job_id or ""),
        "said": one_line(said),
    }


def html_of_jobs(jobs: Sequence["JobStatus"]) -> str:
    """Return jobs as HTML, a row for each."""
    return html_of_rows(map(job_row, jobs), len(jobs), NUMBERS)


def html_of_usage(report: "UsageReport") -> str:
    """Return the usage as HTML, with the total last."""
    *rows, total = usage_rows(report)
    return html_of_rows(rows, len(rows), NUMBERS, total)


def html_of_flows(flows: Sequence["FlowDescription"]) -> str:
    """Return flows as HTML, a row for each."""
    return html_of_rows(map(_flow_row, flows), len(flows), NUMBERS)


def arguments_line(flow: "FlowDescription") -> str:
    """Return the names of a flow's arguments, optional ones in brackets."""
    required: list[str] = flow.input.get("required", [])
    return one_line(
        " ".join(name if name in required else f"[{name}]" for name in flow.input.get("properties", {}))
    )


def _flow_row(flow: "FlowDescription") -> Row:
    first, *_ = (flow.description or "").splitlines() or [""]
    return {"flow": one_line(flow.flow), "arguments": arguments_line(flow), "does": one_line(first)}


def _usage_cells(usage: "Use") -> Row:
    return {
        "jobs": str(usage.jobs),
        "completed": str(usage.completed),
        "failed": str(usage.failed),
        "cancelled": str(usage.cancelled),
        "attempts": str(usage.attempts),
        "seconds": f"{usage.compute_ms / 1000:.3f}",
        "GB-seconds": f"{usage.gb_seconds:.3f}",
        "USD": f"{usage.cost_usd:.6f}",
    }
