"""What the template says of the bucket of inputs and results."""

from typing import Any

from noukai_wire.limits import KEPT_DAYS, MAX_KEEP_SECONDS, MAX_RUN_AHEAD_SECONDS
from tests.infra.template import Template

DAY = 24 * 60 * 60


def bucket(template: Template) -> tuple[str, dict[str, Any]]:
    ((name, each),) = template.resources("S3::Bucket").items()
    return name, each["Properties"]


def test_bucket_is_private_and_encrypted(template: Template) -> None:
    """Nobody but the functions has a way to it, and what they do not own is not there."""
    _, properties = bucket(template)
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}


def test_bucket_refuses_plain_http(template: Template) -> None:
    """Its policy says so, and nothing else."""
    name, _ = bucket(template)
    (policy,) = template.resources("S3::BucketPolicy").values()
    assert policy["Properties"]["Bucket"] == {"Ref": name}
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_object_is_deleted_in_its_time(template: Template) -> None:
    """By the days that its name begins with, and no rule is for anything else."""
    _, properties = bucket(template)
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert {(rule["Prefix"], rule["ExpirationInDays"], rule["Status"]) for rule in rules} == {
        (f"keep-{days}d/", days, "Enabled") for days in KEPT_DAYS
    }


def test_objects_of_the_longest_job_are_kept_for_long_enough() -> None:
    """It waits for a year, has eight days to start, is kept for a year, and has eight days to be retried."""
    assert sorted(KEPT_DAYS) == list(KEPT_DAYS)
    assert KEPT_DAYS[-1] * DAY >= MAX_RUN_AHEAD_SECONDS + MAX_KEEP_SECONDS + (8 + 8 + 1) * DAY
