"""The schedules of delayed messages in the template."""

from tests.infra.stack.template import Template


def test_group_goes_with_the_stack(template: Template) -> None:
    """And with it every schedule that has not fired."""
    (group,) = template.resources("Scheduler::ScheduleGroup").values()
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_scheduler_takes_its_role_for_this_group_alone(template: Template) -> None:
    """A schedule of somebody else, who may know the role's name, gets nothing by it."""
    group, _ = template.named_resource("Scheduler::ScheduleGroup", "Schedules")
    _, role = template.named_resource("IAM::Role", "Schedules")
    (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert statement["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "aws:SourceArn": {"Fn::GetAtt": [group, "Arn"]},
        }
    }


def test_role_may_send_to_the_queue_of_jobs_and_nothing_else(template: Template) -> None:
    """It is one statement."""
    queue, _ = template.named_resource("SQS::Queue", "QueuesJobs")
    _, policy = template.named_resource("IAM::Policy", "Schedules")
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", {"Fn::GetAtt": [queue, "Arn"]})


def test_role_is_handed_to_the_scheduler_alone(template: Template) -> None:
    """By those who make schedules."""
    passing = [
        statement
        for policy in template.resources("IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "iam:PassRole"
    ]
    assert len(passing) == len(("submit", "submit_jobs"))
    for statement in passing:
        assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
