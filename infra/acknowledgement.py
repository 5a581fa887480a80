"""Saying of a rule of cdk-nag's AwsSolutions that what it objects to is meant so."""

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, rule: str, reason: str) -> None:
    """Let the rule pass for the construct and all that is in it; the reason is kept with the construct."""
    Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason))
