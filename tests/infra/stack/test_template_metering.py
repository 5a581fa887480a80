"""The event source of metering in the template."""

import json

from noukai_functions.usage.sequence_ranges import DISCARDED_AFTER_MS
from noukai_infra.stack.base.stream import COUNTED, GATHERED_SECONDS, STARTED
from tests.infra.stack.template import Template

HOUR = 60 * 60


def test_every_change_of_a_job_is_in_the_stream(template: Template) -> None:
    """With the row before and after, since both say whether a job has ended."""
    _, table = template.named_resource("DynamoDB::Table", "TablesJobs")
    assert table["Properties"]["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


def test_only_ends_are_read(template: Template) -> None:
    """It reads starts for metrics, too; nothing from before the function existed is missed."""
    mapping = template.deliveries("metering")
    assert mapping["StartingPosition"] == "TRIM_HORIZON"
    patterns = [json.loads(each["Pattern"]) for each in mapping["FilterCriteria"]["Filters"]]
    assert patterns == [*COUNTED, *STARTED]


def test_records_come_in_order_and_name_their_shard(template: Template) -> None:
    """Counting relies on it: no bisected batch, no parallel reads of a shard, and windows name the shard."""
    mapping = template.deliveries("metering")
    assert not {"BisectBatchOnFunctionError", "ParallelizationFactor"} & mapping.keys()
    assert mapping["TumblingWindowInSeconds"] > 0


def test_batches_are_large_and_soon_counted(template: Template) -> None:
    """A thousand records or some seconds, whichever comes first."""
    mapping = template.deliveries("metering")
    assert (mapping["BatchSize"], mapping["MaximumBatchingWindowInSeconds"]) == (1000, GATHERED_SECONDS)


def test_batch_that_cannot_be_counted_is_kept_before_it_is_forgotten(template: Template) -> None:
    """The stream keeps a day; what is tried in vain for most of it goes to a bucket, and the shard goes on.

    Nothing is discarded for another reason, or earlier: sums rely on it.
    """
    mapping = template.deliveries("metering")
    uncounted, _ = template.named_resource("S3::Bucket", "MeteringUncounted")
    assert mapping["MaximumRecordAgeInSeconds"] * 1000 == DISCARDED_AFTER_MS == 23 * HOUR * 1000
    assert "MaximumRetryAttempts" not in mapping
    assert mapping["DestinationConfig"] == {"OnFailure": {"Destination": {"Fn::GetAtt": [uncounted, "Arn"]}}}


def test_uncounted_batches_go_to_a_bucket_of_this_account(template: Template) -> None:
    """Lambda asks for both rights: https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html."""
    uncounted, _ = template.named_resource("S3::Bucket", "MeteringUncounted")
    statements = {
        statement["Action"]: statement["Condition"]
        for policy in template.resources("IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if uncounted in json.dumps(statement["Resource"])
    }
    own = {"StringEquals": {"s3:ResourceAccount": {"Ref": "AWS::AccountId"}}}
    assert statements == {"s3:ListBucket": own, "s3:PutObject": own}


def test_uncounted_batches_are_deleted_in_time(template: Template) -> None:
    """They hold inputs and results."""
    _, bucket = template.named_resource("S3::Bucket", "MeteringUncounted")
    (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert (rule["ExpirationInDays"], rule["Status"], rule.get("Prefix")) == (90, "Enabled", None)


def test_compute_is_that_of_the_worker(template: Template) -> None:
    """The memory is the worker's own."""
    variables = template.functions()["metering"]["Environment"]["Variables"]
    assert variables["WORKER_MEMORY"] == str(template.functions()["worker"]["MemorySize"])
