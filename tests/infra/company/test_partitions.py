"""The template in China and in GovCloud, whose ARNs and domains differ."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from noukai_infra.settings import Settings, SettingsError
from tests.infra.company.variants import EDGE, EVERYTHING
from tests.infra.stack.template import Template

PRINCIPALS = re.compile(r"[a-z]+\.amazonaws\.com")
"""A service's principal, whose name is the same in all partitions:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html."""

SCALING_ROLE = (
    "lambda.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency"
)


def settings_in(partition: str, region: str) -> Any:
    """Return every setting, with the ARNs of a partition."""
    return json.loads(
        json.dumps({**EVERYTHING, "region": region, "account": "123456789012"})
        .replace("arn:aws:", f"arn:{partition}:")
        .replace("us-east-1", region)
    )


@pytest.fixture(scope="module")
def china(assembly_for: Callable[..., Path]) -> Template:
    return Template.of(assembly_for(**settings_in("aws-cn", "cn-north-1")))


def literals(text: str) -> set[str]:
    """Return the parts of a template that hold in AWS's first partition alone."""
    domains = re.findall(r'[^"/ ]*amazonaws\.[^"]*', text)
    arns = re.findall(r'arn:aws:[^"]*', text)
    return {each for each in (*domains, *arns) if not PRINCIPALS.fullmatch(each) and each not in SCALING_ROLE}


def test_template_names_no_partition(china: Template) -> None:
    """All ARNs and domains follow the region, in all settings."""
    assert literals(china.text) - {"com.amazonaws.", "cn.com.amazonaws."} == set()
    assert "arn:aws-cn:kms:cn-north-1" in china.text


def test_literal_is_found() -> None:
    assert literals(
        '{"Resource": "arn:aws:s3:::texts/*", "Url": "https://sqs.eu-west-1.amazonaws.com/1"}'
    ) == {
        "arn:aws:s3:::texts/*",
        "sqs.eu-west-1.amazonaws.com/1",
    }
    assert literals('{"Service": "lambda.amazonaws.com"}') == set()


def test_settings_take_the_arns_of_partitions() -> None:
    for partition, region in (("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")):
        assert Settings.from_context(settings_in(partition, region)).region == region


def test_cloudfront_is_for_the_first_partition() -> None:
    """Its certificates and firewalls are in us-east-1, which the others lack."""
    edge = json.loads(json.dumps(EDGE).replace("arn:aws:", "arn:aws-cn:"))
    with pytest.raises(SettingsError, match=r"edge\.certificate"):
        Settings.from_context(edge)


def test_endpoints_in_china_have_their_names(china: Template, everything: Template) -> None:
    """That of SQS begins with `cn`; that of DynamoDB does not."""
    for template, start in ((china, "cn.com.amazonaws."), (everything, "com.amazonaws.")):
        names = {
            each["Properties"]["ServiceName"]["Fn::Join"][1][2]: each["Properties"]["ServiceName"][
                "Fn::Join"
            ][1][0]
            for each in template.resources("EC2::VPCEndpoint").values()
        }
        assert names == {".dynamodb": "com.amazonaws.", ".sqs": start}
