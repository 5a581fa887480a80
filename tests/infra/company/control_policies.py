"""A model of control policies: rules that companies often have, asked of a template instead of an account.

Each rule takes the resources of a template and yields what a control policy, or AWS Config, would refuse.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

Resources = Mapping[str, Mapping[str, Any]]
Rule = Callable[[Resources], Iterator[str]]

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_REGION = re.compile(
    r"\b(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov)?-(?:north|south|east|west|central)\w*-\d\b"
)
_EVERYWHERE = ("0.0.0.0/0", "::/0")
_KEYS = {
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::S3::Bucket": ("BucketEncryption", "KMSMasterKeyID"),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
}


def _of(resources: Resources, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((name, each.get("Properties", {})) for name, each in resources.items() if each["Type"] == kind)


def public_buckets(resources: Resources) -> Iterator[str]:
    """Yield buckets that lack a block of public access, have an access list, or let everybody in."""
    for name, properties in _of(resources, "AWS::S3::Bucket"):
        blocks = properties.get("PublicAccessBlockConfiguration", {})
        if not all(blocks.get(block) is True for block in _BLOCKS) or "AccessControl" in properties:
            yield name
    for name, properties in _of(resources, "AWS::S3::BucketPolicy"):
        for statement in properties["PolicyDocument"]["Statement"]:
            if statement["Effect"] == "Allow" and '"*"' in json.dumps(statement["Principal"]):
                yield name


def users(resources: Resources) -> Iterator[str]:
    """Yield users, groups and access keys."""
    kinds = ("AccessKey", "Group", "LoginProfile", "User", "UserPolicy", "UserToGroupAddition")
    refused = {f"AWS::IAM::{kind}" for kind in kinds}
    return (name for name, each in resources.items() if each["Type"] in refused)


def unbounded_roles(resources: Resources) -> Iterator[str]:
    """Yield roles without a permissions boundary."""
    return (name for name, each in _of(resources, "AWS::IAM::Role") if "PermissionsBoundary" not in each)


def untagged(tags: Mapping[str, str]) -> Rule:
    """Return the rule that everything that takes tags has these."""

    def rule(resources: Resources) -> Iterator[str]:
        for name, each in resources.items():
            place = _place_of_tags(each["Type"])
            given = each.get("Properties", {}).get(place, {}) if place else tags
            pairs = given if isinstance(given, Mapping) else {tag["Key"]: tag["Value"] for tag in given}
            if not tags.items() <= pairs.items():
                yield name

    return rule


def _place_of_tags(kind: str) -> str | None:
    """Return the property of a type's tags, by its schema; None if it takes none."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
    place: str = schema.get("tagging", {}).get("tagProperty", "/properties/Tags").rpartition("/")[2]
    return place if place in schema["properties"] else None


def other_regions(allowed: set[str]) -> Rule:
    """Return the rule that no resource names another region."""

    def rule(resources: Resources) -> Iterator[str]:
        return (name for name, each in resources.items() if set(_REGION.findall(json.dumps(each))) - allowed)

    return rule


def without_key(key: str) -> Rule:
    """Return the rule that everything that stores something is encrypted with a key of the company."""

    def rule(resources: Resources) -> Iterator[str]:
        for name, each in resources.items():
            place, *inner = _KEYS.get(each["Type"], ("",))
            stated = json.dumps(each.get("Properties", {}).get(place))
            wanted = f'"{inner[0]}": "{key}"' if inner else f'"{key}"'
            if place and wanted not in stated:
                yield name

    return rule


def open_to_everybody(resources: Resources) -> Iterator[str]:
    """Yield security groups that let everybody in, or let something out to everywhere.

    Without a rule for what leaves, EC2 adds one that allows all:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html
    """
    for name, properties in _of(resources, "AWS::EC2::SecurityGroup"):
        is_open = any(f'"{range_}"' in json.dumps(properties) for range_ in _EVERYWHERE)
        if is_open or not properties.get("SecurityGroupEgress"):
            yield name
    for kind in ("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"):
        for name, properties in _of(resources, kind):
            if {*_EVERYWHERE} & {properties.get("CidrIp"), properties.get("CidrIpv6")}:
                yield name
