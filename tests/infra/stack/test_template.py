"""The template as a whole."""

import re
from collections.abc import Callable
from pathlib import Path

from noukai_infra.settings import ROOT
from tests.infra.stack.template import Template


def test_outputs_are_what_an_operator_needs(template: Template) -> None:
    """The endpoint is the base URL of the contract."""
    outputs = template.body["Outputs"]
    assert sorted(outputs) == [
        "AuditLogGroup",
        "DeadEventsQueueUrl",
        "DeadLetterQueueUrl",
        "DeadReactionsQueueUrl",
        "Endpoint",
        "EventsQueueUrl",
        "JobsTable",
        "KeysTable",
        "MeteringFunction",
        "PayloadsBucket",
        "QueueUrl",
        "ReactionsFunction",
        "ReactionsQueueUrl",
        "SchedulesTable",
        "TokensSecret",
        "UncountedBucket",
        "UnprocessedQueueUrl",
        "UntoldBucket",
        "UsageTable",
        "WebhooksSecret",
        "WebhooksTable",
    ]
    assert outputs["Endpoint"]["Value"]["Fn::Join"][1][-1] == "/api/v1"


def test_template_is_the_same_from_run_to_run(
    template: Template, template_for: Callable[..., Template]
) -> None:
    """So that a deploy changes what somebody has changed."""
    assert template_for().text == template.text


def sources() -> list[Path]:
    return [
        path for path in (ROOT / "functions").rglob("*") if path.is_file() and "__pycache__" not in path.parts
    ]


def test_no_key_stands_in_the_template_or_the_functions(template: Template) -> None:
    """The local ones are the local launcher's alone."""
    texts = [template.text, *(path.read_text() for path in sources())]
    assert len(texts) > 10
    assert not [found for text in texts for found in re.findall(r"nk_\w+", text)]
