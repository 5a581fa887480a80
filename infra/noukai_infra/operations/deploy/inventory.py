"""The inventory of a stack: the parts that its template makes, and what they cost at rest.

The prices are the list prices of us-east-1 without the free tier, in USD a month of 30 days. What is stored
and what jobs use costs extra: https://aws.amazon.com/pricing/.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from noukai_infra.operations.deploy.checks.image_prices import ImagePrice, image_prices
from noukai_infra.operations.deploy.releases.snapshots import snapshots
from noukai_infra.operations.deploy.releases.warm_environments import warm_environments

_USD_PER_SQS_REQUEST = 0.4e-6
"""https://aws.amazon.com/sqs/pricing/"""

_IDLE_POLLS = 5 * 30 * 24 * 60 * 60 / 20
"""The requests of an idle poller: five connections, each of which is held for 20 s.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

_POLLER, _READER = "AWS::SQS::Queue", "AWS::DynamoDB::Table"
_MAPPING = "AWS::Lambda::EventSourceMapping"
_ALARM = "AWS::CloudWatch::Alarm"
_RULE = "AWS::Events::Rule"
_FIREWALL = "AWS::WAFv2::WebACL"
_USD_PER_FIREWALL = 5
_ENDPOINT = "AWS::EC2::VPCEndpoint"
_INTERFACE = f"{_ENDPOINT} Interface"

USD_PER_INTERFACE_ZONE = 7.30
"""The price of an interface endpoint in a zone, 0.01 USD an hour in a month of 730 hours:
https://aws.amazon.com/privatelink/pricing/."""

_MINUTELY = ("rate(1 minute)", "cron(* * * * ? *)")


@dataclass(frozen=True)
class Part:
    """A kind of part: its name for one and for several, and the price of each in USD a month at rest."""

    one: str
    several: str
    usd: float = 0


_PARTS: Mapping[str, Part] = {
    "AWS::ApiGatewayV2::Api": Part("HTTP API", "HTTP APIs"),
    "AWS::Lambda::Function": Part("function", "functions"),
    "AWS::SQS::Queue": Part("queue", "queues"),
    f"{_MAPPING} {_POLLER}": Part("queue poller", "queue pollers", _IDLE_POLLS * _USD_PER_SQS_REQUEST),
    f"{_MAPPING} {_POLLER} disabled": Part("disabled poller", "disabled pollers"),
    # Lambda pays for reading a stream: https://aws.amazon.com/dynamodb/pricing/on-demand/.
    f"{_MAPPING} {_READER}": Part("stream reader", "stream readers"),
    "AWS::DynamoDB::Table": Part("table", "tables"),
    "AWS::S3::Bucket": Part("bucket", "buckets"),
    "AWS::Logs::LogGroup": Part("log", "logs"),
    _RULE: Part("rule", "rules"),
    # 43,200 invocations of about 20 ms, each of which makes two or three cheap requests.
    f"{_RULE} of each minute": Part("minutely rule", "minutely rules", 0.02),
    "AWS::SNS::Topic": Part("topic", "topics"),
    # https://aws.amazon.com/cloudwatch/pricing/
    _ALARM: Part("alarm", "alarms", 0.1),
    "AWS::CloudWatch::CompositeAlarm": Part("composite alarm", "composite alarms", 0.5),
    # What they keep warm is priced by memory and time: `warm_environments`.
    "AWS::ApplicationAutoScaling::ScalableTarget": Part("schedule of warmth", "schedules of warmth"),
    "AWS::CloudWatch::Dashboard": Part("dashboard", "dashboards", 3),
    "AWS::CloudFront::Distribution": Part("distribution", "distributions"),
    # As many dollars as units, see `_units`: https://aws.amazon.com/waf/pricing/.
    _FIREWALL: Part("web ACL", "web ACLs", 1),
    f"{_ENDPOINT} Gateway": Part("gateway endpoint", "gateway endpoints"),
    # As many as their zones, see `_units`.
    _INTERFACE: Part("interface endpoint", "interface endpoints", USD_PER_INTERFACE_ZONE),
    # https://aws.amazon.com/kms/pricing/ and https://aws.amazon.com/secrets-manager/pricing/
    "AWS::KMS::Key": Part("encryption key", "encryption keys", 1),
    "AWS::SecretsManager::Secret": Part("secret", "secrets", 0.4),
}

_FURTHER = frozenset(
    {
        "AWS::ApiGatewayV2::ApiMapping",
        "AWS::ApiGatewayV2::Authorizer",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::CodeDeploy::Application",
        "AWS::CodeDeploy::DeploymentGroup",
        "AWS::CertificateManager::Certificate",
        "AWS::EC2::SecurityGroup",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::Lambda::Permission",
        "AWS::Lambda::Version",
        "AWS::Route53::RecordSet",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::ScheduleGroup",
    }
)
"""The types of resources that belong to the others and are free."""

_FURTHER_PART = Part("further part, which is free", "further parts, which are free")


@dataclass(frozen=True)
class Inventory:
    """The inventory of a template; an empty template has no parts."""

    template: Mapping[str, Any]
    images: tuple[ImagePrice, ...] = ()

    @classmethod
    def of(cls, assembly: Path, stack: str) -> "Inventory":
        """Return the inventory of a stack of an assembly."""
        template = json.loads((assembly / f"{stack}.template.json").read_text())
        return cls(template, tuple(image_prices(assembly, stack)))

    @cached_property
    def counts(self) -> Mapping[Part, int]:
        """Return how many parts of each kind there are; an unknown type of resource is a kind of its own."""
        found = Counter(map(self._kind, self._resources.values()))
        parts = {part: found.pop(kind) for kind, part in _PARTS.items() if kind in found}
        further = sum(found.pop(kind) for kind in _FURTHER & found.keys())
        unknown = {Part(kind, kind): count for kind, count in sorted(found.items())}
        return {**parts, **unknown, **({_FURTHER_PART: further} if further else {})}

    @property
    def usd(self) -> float:
        """Return what the parts cost at rest, in USD a month."""
        warm = sum(each.usd for each in warm_environments(self.template))
        kept = sum(each.usd for each in snapshots(self.template))
        kept += sum(each.usd for each in self.images)
        return sum(part.usd * self._units(part) for part in self.counts) + warm + kept

    @property
    def unpriced(self) -> list[str]:
        """Return the types of resources whose price is unknown here."""
        known = {*_PARTS.values(), _FURTHER_PART}
        return [part.one for part in self.counts if part not in known]

    def lines(self, before: "Inventory") -> Iterator[str]:
        """Yield a line for each kind of part, with the difference from an earlier inventory."""
        kinds = dict.fromkeys((*self.counts, *before.counts))
        for part in sorted(kinds, key=[*_PARTS.values(), *kinds].index):
            count = self.counts.get(part, 0)
            more = count - before.counts.get(part, 0) if before.counts else 0
            cost = f"{part.usd * self._units(part):6.2f} USD a month" if part.usd and count else ""
            change = f"({more:+d})" if more else ""
            name = part.one if count == 1 else part.several
            yield f"{count:5} {name:15} {cost:18} {change}".rstrip()
        for warm in warm_environments(self.template):
            yield f"{warm.count:5} {'warm':15} {warm.usd:6.2f} USD a month  {warm.says}"
        for each in snapshots(self.template):
            yield f"{1:5} {'snapshot':15} {each.usd:6.2f} USD a month  {each.says}"
        for image in self.images:
            yield f"{1:5} {'image':15} {image.usd:6.2f} USD a month  {image.says}"

    @property
    def _resources(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.template.get("Resources", {})
        return found

    def _kind(self, resource: Mapping[str, Any]) -> str:
        kind: str = resource["Type"]
        if kind == _RULE and resource["Properties"].get("ScheduleExpression") in _MINUTELY:
            return f"{_RULE} of each minute"
        if kind == _ENDPOINT:
            return f"{_ENDPOINT} {resource['Properties']['VpcEndpointType']}"
        if kind != _MAPPING:
            return kind
        source: Any = resource["Properties"]["EventSourceArn"]
        made = self._resources.get(source["Fn::GetAtt"][0], {}) if "Fn::GetAtt" in source else {}
        is_off = resource["Properties"].get("Enabled") is False
        return f"{kind} {made.get('Type', 'of another stack')}{' disabled' if is_off else ''}"

    def _units(self, part: Part) -> int:
        """Return how many units of a part are paid for: of alarms, the metrics that they look at.

        A web ACL costs five dollars, and each of its rules one; an interface endpoint is paid for by zone.
        """
        if part is _PARTS[_INTERFACE]:
            kinds = [each for each in self._resources.values() if self._kind(each) == _INTERFACE]
            return sum(len(each["Properties"]["SubnetIds"]) for each in kinds)
        if part is _PARTS[_FIREWALL]:
            acls = (each["Properties"] for each in self._resources.values() if each["Type"] == _FIREWALL)
            return sum(_USD_PER_FIREWALL + len(each["Rules"]) for each in acls)
        if part is not _PARTS[_ALARM]:
            return self.counts[part]
        alarms = (each["Properties"] for each in self._resources.values() if each["Type"] == _ALARM)
        return sum(map(_metrics, alarms))


def _metrics(alarm: Mapping[str, Any]) -> int:
    """Return how many metrics an alarm looks at; an expression is none."""
    return sum("MetricStat" in each for each in alarm.get("Metrics", ())) or 1
