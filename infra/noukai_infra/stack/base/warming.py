"""Environments that are kept warm (provisioned concurrency), at all times or at some."""

from collections.abc import Mapping, Sequence

from aws_cdk import CfnResource, TimeZone
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_lambda as lambda_

from noukai_infra.settings import SettingsError, Warmth
from noukai_infra.settings.conflicts import API, OF_API
from noukai_infra.settings.workers.cron import Cron
from noukai_infra.settings.workers.warmth import WARM_SHARE
from noukai_infra.suggestions import unknown_name


def warm_functions(stated: Mapping[str, Warmth], known: Sequence[str]) -> dict[str, Warmth]:
    """Return the warmth of each function of the API; one that is named itself overrides `api`.

    Raises:
        SettingsError: there is no such function.
    """
    for name in stated:
        if name not in (API, *known):
            raise SettingsError(f"warm: {unknown_name(name, [API, *known], 'the functions of the API')}")
    of_api = dict.fromkeys(OF_API, stated[API]) if API in stated else {}
    return {**of_api, **{name: warm for name, warm in stated.items() if name != API}}


def keep_warm_at_times(alias: lambda_.Alias, warm: Warmth) -> None:
    """Keep an alias warm from each instant of `from` to the next one of `until`.

    The alias itself states no number, or each deploy would set it at any time of the day.
    """
    target = alias.add_auto_scaling(min_capacity=0, max_capacity=warm.count)
    for name, cron, count in (("From", warm.begin, warm.count), ("Until", warm.until, 0)):
        target.scale_on_schedule(
            name,
            schedule=autoscaling.Schedule.expression(Cron.parse(cron or "").on_aws),
            time_zone=TimeZone.of(warm.zone),
            min_capacity=count,
            max_capacity=count,
        )
    for child in alias.node.find_all():
        if isinstance(child, autoscaling.CfnScalableTarget):
            _note_share(child, warm.share)


def _note_share(target: CfnResource, share: float) -> None:
    target.add_metadata(WARM_SHARE, round(share, 4))
