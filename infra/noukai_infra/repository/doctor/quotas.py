"""The checks of the account's quotas against what the settings may use."""

from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.planning.account_limits import asking_for, quota_of
from noukai_infra.planning.limits import (
    CONCURRENCY,
    GATEWAY_BURST,
    GATEWAY_RATE,
    INVOCATIONS_OF_A_POLLER,
    KEPT_UNRESERVED,
)
from noukai_infra.repository.doctor.finding import NotCheckedError
from noukai_infra.settings import Settings, WorkerKind


def concurrency(account: Account, settings: Settings) -> str:
    """Return the concurrent executions of Lambda; raise if the settings may use all, or reserve too many."""
    found = account.session.client("lambda").get_account_settings()["AccountLimit"]
    limit = found["ConcurrentExecutions"]
    kinds = (settings.worker, *settings.workers.values())
    workers = sum(map(_most_at_once, kinds))
    kept_apart = _reserved(settings) + _warm(settings)
    usual = CONCURRENCY.default
    new = f"{limit} executions at once"
    new += f", fewer than the usual {usual}" if limit < usual else ""
    more = asking_for(CONCURRENCY, max(usual, 2 * (workers + kept_apart)))
    kept = min(KEPT_UNRESERVED, limit)
    if kept_apart and limit - kept_apart < kept:
        raise OperatorError(
            f"{new}; the settings reserve or keep warm {kept_apart}, and {kept} must stay free: AWS would "
            f"refuse the deploy. Lower them, or ask for more: {more}"
        )
    if workers + kept_apart >= limit:
        raise NotCheckedError(
            f"{new}; the settings may use {workers + kept_apart}, so that under load the API is throttled: "
            f"lower max_concurrency, or ask for more: {more}"
        )
    return f"{new}; the settings may use {workers + kept_apart}"


def throttle(account: Account, settings: Settings) -> str:
    """Return the API's throttle; raise if the account's quotas are below the settings."""
    wanted = {GATEWAY_RATE: settings.throttle_rate, GATEWAY_BURST: settings.throttle_burst}
    has = {quota: quota_of(account.session, quota) for quota in wanted}
    if short := [quota for quota, count in wanted.items() if has[quota] < count]:
        raise OperatorError(
            "; ".join(
                f"{quota.name}: the account has {has[quota]:,.0f}, the settings need {wanted[quota]:,}: "
                f"lower them, or ask for more: {asking_for(quota, wanted[quota])}"
                for quota in short
            )
        )
    rate, burst = has.values()
    return (
        f"{rate:,.0f} requests a second, bursts of {burst:,.0f}; the settings allow "
        f"{settings.throttle_rate:,} and {settings.throttle_burst:,}"
    )


def _most_at_once(kind: WorkerKind) -> int:
    pollers = kind.provisioned_pollers
    return kind.queues * (pollers.maximum * INVOCATIONS_OF_A_POLLER if pollers else kind.max_concurrency)


def _reserved(settings: Settings) -> int:
    return (settings.wait_reserved_concurrency or 0) + (settings.execute_reserved_concurrency or 0)


def _warm(settings: Settings) -> int:
    kinds = (settings.worker, *settings.workers.values())
    each = (*settings.warm.values(), *(kind.warm for kind in kinds if kind.warm is not None))
    return sum(warm.count for warm in each)
