"""The settings for many jobs a second, in the template: each on, and all off."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.infra.stack.template import Template

TemplateFor = Callable[..., Template]
SPREADERS = {"submit", "submit_jobs", "execute", "retry", "schedules", "tick"}
LISTERS = {"list_jobs", "cancel_jobs"}


@pytest.fixture(scope="module")
def scaled(template_for: TemplateFor) -> Template:
    scale = {
        "index_partitions": 16,
        "former_index_partitions": 20,
        "table_reads": 20_000,
        "table_writes": 60_000,
        "index_writes": 18_000,
        "metering_memory": 1769,
        "metering_batch": 10_000,
        "stream_shards": 60,
        "sweep_segments": 4,
    }
    worker = {"provisioned_pollers": {"minimum": 10, "maximum": 300}, "queues": 3, "batch_size": 10}
    return template_for(scale=scale, worker=worker)


def variables(template: Template, name: str) -> dict[str, Any]:
    """Return the value of a variable in each function that has it."""
    found = {entry: each["Environment"]["Variables"] for entry, each in template.functions().items()}
    return {entry: values[name] for entry, values in found.items() if name in values}


def test_defaults_are_off(template: Template, template_for: TemplateFor) -> None:
    """A group that says only what the defaults say changes no byte, and no function knows of it."""
    assert template_for(scale={"index_partitions": 4}, worker={"queues": 1}).text == template.text
    names = ("INDEX_PARTITIONS", "LISTED_PARTITIONS", "STREAM_SHARDS", "SWEEP_SEGMENTS", "FURTHER_QUEUES")
    assert not any(name in template.text for name in (*names, "WarmThroughput", "ProvisionedPollerConfig"))


def test_jobs_are_spread_over_more_partitions(scaled: Template) -> None:
    """Who makes jobs spreads them over today's partitions; lists read former ones, too."""
    assert variables(scaled, "INDEX_PARTITIONS") == dict.fromkeys(SPREADERS, "16")
    assert variables(scaled, "LISTED_PARTITIONS") == dict.fromkeys(LISTERS, "20")


def test_tables_are_warm(scaled: Template) -> None:
    """The table and its index are ready for the rate before it comes."""
    _, table = scaled.named_resource("DynamoDB::Table", "TablesJobs")
    warm = {"ReadUnitsPerSecond": 20_000, "WriteUnitsPerSecond": 60_000}
    (index,) = table["Properties"]["GlobalSecondaryIndexes"]
    assert table["Properties"]["WarmThroughput"] == warm
    assert index["WarmThroughput"] == {"WriteUnitsPerSecond": 18_000}


def test_metering_keeps_up(scaled: Template) -> None:
    """It has a processor, counts more records at once, and knows how many others count."""
    function, mapping = scaled.functions()["metering"], scaled.deliveries("metering")
    assert (function["MemorySize"], mapping["BatchSize"]) == (1769, 10_000)
    assert variables(scaled, "STREAM_SHARDS") == {"metering": "60"}


def test_segments_are_swept_by_one_rule(scaled: Template) -> None:
    """Each target of the rule names its segment, but for the first; the alarm counts all of them."""
    _, rule = scaled.named_resource("Events::Rule", "SweepOften")
    assert [each.get("Input") for each in rule["Properties"]["Targets"]] == [
        None,
        *(f'{{"segment":{number}}}' for number in (1, 2, 3)),
    ]
    assert variables(scaled, "SWEEP_SEGMENTS") == {"sweep": "4"}
    alarms = [each["Properties"] for each in scaled.resources("CloudWatch::Alarm").values()]
    (alarm,) = (each for each in alarms if each.get("MetricName") == "SweepRounds")
    assert alarm["Threshold"] == 4


def test_pollers_are_kept_ready(scaled: Template) -> None:
    """AWS takes either provisioned pollers or a bound of the concurrency."""
    for mapping in scaled.mappings("worker"):
        assert mapping["ProvisionedPollerConfig"] == {"MinimumPollers": 10, "MaximumPollers": 300}
        assert "ScalingConfig" not in mapping


def test_worker_kind_has_several_queues(scaled: Template) -> None:
    """Each has its own mapping to the one function, its alarms, and is known to who sends and who checks."""
    queues = [name for name in scaled.resources("SQS::Queue") if name.startswith("QueuesJobs")]
    references = [{"Ref": name} for name in queues]
    sources = [each["EventSourceArn"] for each in scaled.mappings("worker")]
    assert sources == [{"Fn::GetAtt": [name, "Arn"]} for name in queues]
    assert len(queues) == 3
    alarms = json.dumps(scaled.resources("CloudWatch::Alarm"))
    for name, reference in zip(queues, references, strict=True):
        assert alarms.count(f'"Fn::GetAtt": ["{name}", "QueueName"]') == 2
        for function in SPREADERS:
            assert ("sqs:SendMessage", name) in scaled.rights(function)
        assert json.dumps(reference)[1:-1] in json.dumps(variables(scaled, "KIND_QUEUES"))
    assert set(variables(scaled, "FURTHER_QUEUES")) == SPREADERS


def test_queues_are_kept_until_they_are_empty(template_for: TemplateFor) -> None:
    """After the number was lowered, the others are read still, and nothing is sent to them."""
    kept = template_for(worker={"queues": 2}, kept_queues="default:3")
    assert len(kept.mappings("worker")) == 3
    (sent,) = {json.dumps(each) for each in variables(kept, "FURTHER_QUEUES").values()}
    assert sent.count("Ref") == 1
    output = json.dumps(kept.body["Outputs"]["FurtherQueues"])
    assert '\\"sent\\": {\\"default\\": 1}' in output
    assert output.count("Ref") == 2
