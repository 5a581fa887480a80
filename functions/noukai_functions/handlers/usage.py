"""The handler that reports: the usage of the caller's org, and the health of the deployment."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from noukai_functions.access.api_keys import ApiKey
from noukai_functions.api.endpoint import Endpoint, Request, Response
from noukai_functions.deployment import Deployment, deployed
from noukai_functions.init_phase import get_ready
from noukai_functions.refusals import InvalidInputError
from noukai_functions.usage.budgets import Budget
from noukai_functions.usage.records import Prices, Usage
from noukai_wire.limits import MAX_USAGE_DAYS
from noukai_wire.routes import Route

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def usage(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Return the usage by day and flow, by default for this month until today, and the org's limits."""
    request.know_query("from", "to")
    today = datetime.fromtimestamp(deployment.clock.now() / 1000, UTC).date()
    last = _day(request, "to", today)
    first = _day(request, "from", last.replace(day=1))
    if first > last:
        raise InvalidInputError([("from", f"must not be after {last}")])
    if (last - first).days >= MAX_USAGE_DAYS:
        raise InvalidInputError([("from", f"must be less than {MAX_USAGE_DAYS} days before {last}")])
    period = {"from": first.isoformat(), "to": last.isoformat()}
    budget = deployment.budgets.of(api_key.org)
    # A monthly budget needs the month's usage too, which one query reads with that of the period.
    start, end = (min(first, today.replace(day=1)), max(last, today)) if budget.is_monthly else (first, last)
    read = list(deployment.usage_totals.between(api_key.org, start.isoformat(), end.isoformat()))
    usages = [each for each in read if period["from"] <= each[0] <= period["to"]]
    month = today.isoformat()[: len("2026-11")]
    used = sum((usage for day, _, usage in read if day.startswith(month)), Usage())
    limits = _limits(budget, month, used, deployment.prices)
    return Response({**period, **_report(api_key.org, usages, deployment.prices), "budget": limits})


def _limits(budget: Budget, month: str, used: Usage, prices: Prices) -> dict[str, Any]:
    """Return the org's limits, and what is left of its monthly budget."""
    limits = {
        "month": month,
        "jobs": budget.jobs,
        "jobsLeft": None if budget.jobs is None else max(0, budget.jobs - used.jobs),
        "usd": budget.usd,
        "usdLeft": None if budget.usd is None else round(max(0.0, budget.usd - prices.cost(used)), 6),
        "isUsedUp": budget.spent == month,
        "unfinishedJobs": budget.unfinished,
        "laterJobs": budget.later,
        "reached": sorted(budget.full),
    }
    return {name: value for name, value in limits.items() if value is not None}


def _report(org: str, usages: Sequence[tuple[str, str, Usage]], prices: Prices) -> dict[str, Any]:
    days = [{"day": day, "flow": f"{org}/{flow}", **_shown(usage, prices)} for day, flow, usage in usages]
    return {"days": days, "total": _shown(sum((usage for _, _, usage in usages), Usage()), prices)}


def _shown(usage: Usage, prices: Prices) -> dict[str, Any]:
    return {
        "jobs": usage.jobs,
        "completed": usage.completed,
        "failed": usage.failed,
        "cancelled": usage.cancelled,
        "attempts": usage.attempts,
        "computeMs": usage.ran_ms,
        "gbSeconds": round(usage.gb_seconds, 3),
        "costUsd": round(prices.cost(usage), 6),
    }


def _day(request: Request, name: str, default: date) -> date:
    text = request.query.get(name)
    if text is None:
        return default
    try:
        # `fromisoformat` would also accept week dates.
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise InvalidInputError([(name, "must be a day such as 2026-11-25")]) from None


def health(request: Request, _api_key: ApiKey, deployment: Deployment) -> Response:
    """Return what the queues hold and how jobs have ended, by worker kind."""
    request.know_query()
    return Response(deployment.health_check.report(deployment.clock.now()))


def reports(request: Request, api_key: ApiKey, deployment: Deployment) -> Response:
    """Answer with the report of the route."""
    report = health if request.route == Route.SYSTEM_HEALTH.key else usage
    return report(request, api_key, deployment)


handler = Endpoint(reports, deployed)
get_ready(lambda made: (made.api_keys, made.budgets, made.usage_totals))
