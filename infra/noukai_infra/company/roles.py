"""The names, paths and boundaries of all roles."""

import hashlib

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam

from noukai_infra.settings import Company

_READABLE = 12
"""Characters of a role's name that say what it is for. With the prefix (20), the digest and the longest name
of a region, a name has at most the 64 characters that IAM allows."""


def rule_roles(stack: Stack, company: Company) -> None:
    """Set for every role of a stack the boundary, the path and the prefix of the company."""
    if (company.permissions_boundary, company.role_path, company.role_prefix) == (None, "/", None):
        return
    for role in stack.node.find_all():
        if not isinstance(role, iam.CfnRole):
            continue
        if company.permissions_boundary is not None:
            role.permissions_boundary = _policy_arn(stack, company.permissions_boundary)
        if company.role_path != "/":
            role.path = company.role_path
        if company.role_prefix is not None:
            role.role_name = _name(stack, role, company.role_prefix)


def _policy_arn(stack: Stack, policy: str) -> str:
    if policy.startswith("arn:"):
        return policy
    return stack.format_arn(service="iam", region="", resource="policy", resource_name=policy)


def _name(stack: Stack, role: iam.CfnRole, prefix: str) -> str:
    """Return the name of a role: roles of two stacks or regions must differ, since IAM is global."""
    logical = stack.get_logical_id(role)
    where = stack.resolve(logical)
    digest = hashlib.sha256(f"{stack.stack_name}/{where}".encode()).hexdigest()[:10]
    return f"{prefix}{where[:_READABLE]}-{digest}-{Aws.REGION}"
