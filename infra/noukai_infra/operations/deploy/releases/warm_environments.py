"""The environments that a template keeps warm, and what they cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from noukai_infra.settings.workers.warmth import WARM_SHARE

_USD_PER_GB_SECOND = {"arm64": 0.0000033334, "x86_64": 0.0000041667}
"""Provisioned concurrency in us-east-1: https://aws.amazon.com/lambda/pricing/."""

_MONTH_SECONDS = 30 * 24 * 60 * 60
_MB_IN_A_GB = 1024


@dataclass(frozen=True)
class WarmEnvironments:
    """The warm environments of a function: its logical name, their number and their price in USD a month."""

    function: str
    count: int
    share: float
    usd: float

    @property
    def says(self) -> str:
        """Return which function it is, and how much of the time."""
        return f"{self.function}{'' if self.share == 1 else f', {self.share:.0%} of the time'}"


def warm_environments(template: Mapping[str, Any]) -> Iterator[WarmEnvironments]:
    """Yield the warm environments of each function, by its alias or by the schedule of its alias."""
    resources = template.get("Resources", {})
    for each in resources.values():
        if each["Type"] == "AWS::Lambda::Alias":
            stated = each["Properties"].get("ProvisionedConcurrencyConfig")
            if stated:
                yield _priced(resources, each, stated["ProvisionedConcurrentExecutions"], 1.0)
        elif each["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget":
            alias = resources[_referred(each["Properties"]["ResourceId"])]
            share = each.get("Metadata", {}).get(WARM_SHARE, 1.0)
            yield _priced(resources, alias, each["Properties"]["MaxCapacity"], share)


def most_warm(template: Mapping[str, Any]) -> dict[str, int]:
    """Return the most warm environments of each function."""
    return {each.function: each.count for each in warm_environments(template)}


def _priced(
    resources: Mapping[str, Any], alias: Mapping[str, Any], count: int, share: float
) -> WarmEnvironments:
    name = _referred(alias["Properties"]["FunctionName"])
    function = resources[name]["Properties"]
    price = _USD_PER_GB_SECOND[function.get("Architectures", ["x86_64"])[0]]
    usd = function["MemorySize"] / _MB_IN_A_GB * count * share * price * _MONTH_SECONDS
    return WarmEnvironments(name, count, share, usd)


def _referred(value: Any) -> str:
    """Return the logical name of the resource that a value of the template refers to, however deep."""
    if isinstance(value, dict):
        if "Ref" in value and not value["Ref"].startswith("AWS::"):
            return str(value["Ref"])
        return next(filter(None, map(_referred, value.values())), "")
    if isinstance(value, list):
        return next(filter(None, map(_referred, value)), "")
    return ""
