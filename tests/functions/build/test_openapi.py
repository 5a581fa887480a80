"""The document that describes the API."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate

from noukai_wire import limits
from noukai_wire.errors import ErrorCode
from noukai_wire.operations import OPERATIONS
from noukai_wire.routes import Route
from tests.functions.harness import System

COMPONENTS = "#/components/schemas/"
OPERATION_NAMES = """
cancel cancel_by_id cancel_jobs create_key delete_schedule delete_webhook events events_by_id execute
execute_version flows health input input_by_id list_jobs list_keys list_org list_project list_schedules
list_webhooks logs logs_by_id make_token openapi pause_schedule put_schedule put_webhook redeliver
resume_schedule retry retry_by_id revoke_key rotate_webhook schedule status status_by_id statuses step_trace
submit submit_jobs submit_version system_health test_webhook trace trace_stream trigger_schedule upload usage
wait wait_by_id webhook webhook_deliveries
"""
SCHEMA_NAMES = """
AcceptedBatch AcceptedEntry AnyErrorAnswer Batch BatchEntry BrowserToken CancelledJobs DayUse ErrorAnswer
ErrorDetail Event EventList ExecuteAnswer ExecuteResult FlowDescription FlowList GatewayError Health
HealthReport InputError InstantNote JobAccepted JobCancellation JobIds JobInput JobList JobStatus Key KeyList
LogLine LogPage NewKey NewSchedule NewToken OpenApi OrgLimits RedeliveredEvents RunStep RunStepTrace
RunSummary RunTrace Schedule ScheduleList ScheduledJob Scope StatusEntry StatusList Submission SubmitOptions
UnreadableJob Upload UploadTarget UploadedSubmission UsageReport Use Webhook WebhookDelivery
WebhookDeliveryList WebhookList WebhookRedelivery WebhookRotation WebhookSettings WebhookTest WorkerHealth
"""


def document(system: System, key: str | None = None) -> Any:
    system.key = key
    answer = system.send(Route.OPENAPI)
    assert answer.status == 200
    return answer.body


@pytest.mark.parametrize("key", [None, "nk_acme"])
def test_document_is_valid(system: System, key: str | None) -> None:
    """With and without the flows it is a valid OpenAPI document, references included."""
    validate(document(system, key))


def test_every_route_is_described(system: System) -> None:
    """Each has its method, path, authentication and every possible status."""
    paths = document(system)["paths"]
    assert sum(len(path) for path in paths.values()) == len(Route)
    for route in Route:
        described, operation = paths[route.template][route.method.lower()], OPERATIONS[route]
        created = {201} if operation.may_create else set()
        statuses = {operation.status, *created, *(code.status for code in operation.every_error(route))}
        assert {int(status) for status in described["responses"]} == statuses
        assert ({} in described["security"]) == operation.is_public
        assert {each["name"] for each in described["parameters"] if each["in"] == "path"} == set(
            route.variables
        )


def test_strangers_see_no_flow(system: System) -> None:
    """Without a key the document is the same for every deployment; an invalid key is refused."""
    system.key = "nk_wrong"
    assert system.send(Route.OPENAPI).code == ErrorCode.UNAUTHENTICATED
    assert "trial" not in json.dumps(document(system))


def required(body: dict[str, Any]) -> list[str]:
    """Return the required members of a submission whose input is not uploaded."""
    fields: list[str] = body["required"]
    return fields


def test_document_for_a_key_describes_each_flow(system: System) -> None:
    """Each flow has its own path, with the message and the parameters that it takes."""
    described = document(system, "nk_acme")
    own = [Route.SUBMIT, Route.EXECUTE]
    flows = len(own) * len(system.deployment.catalog.flows)
    assert len(described["paths"]) == len({route.template for route in Route}) + flows
    add, greet, perhaps = (
        described["paths"][f"/seq/{{org}}/trial/{flow}/jobs"]["post"] for flow in ("add", "greet", "perhaps")
    )
    body = schema(described, add)
    assert (required(body), body["properties"].keys()) == (["parameters"], {"parameters", "options"})
    assert resolved(described, body["properties"]["parameters"])["required"] == ["a"]
    assert add["description"] == "Add two numbers."
    named = {each["name"] for each in add["parameters"]}
    assert named == {"org", "Idempotency-Key", "traceparent", "tracestate"}
    assert required(schema(described, greet)) == ["message"]
    assert required(schema(described, perhaps)) == []


def schema(described: Any, operation: Any) -> Any:
    """Return the schema of an operation's inline input, a component."""
    choice = resolved(described, operation["requestBody"]["content"]["application/json"]["schema"])
    direct, uploaded = (resolved(described, each) for each in choice["anyOf"])
    assert (uploaded["required"], uploaded["properties"].keys()) == (["input"], {"input", "options"})
    return direct


def resolved(described: Any, reference: Any) -> Any:
    return described["components"]["schemas"][reference["$ref"].removeprefix(COMPONENTS)]


def test_models_of_equal_names_stay_apart(system: System) -> None:
    """A flow's models are named after it, and its references find them."""
    described = document(system, "nk_acme")
    body = schema(described, described["paths"]["/seq/{org}/trial/order/jobs"]["post"])
    parameters = resolved(described, body["properties"]["parameters"])["properties"]
    assert parameters["lines"]["items"] == {"$ref": "#/components/schemas/trial__order__Line"}
    assert described["components"]["schemas"]["trial__order__Line"]["required"] == ["article"]


def test_output_of_a_flow_stands_beside_its_input(system: System) -> None:
    """It is in the list of flows and in the answer of `execute`; its models are apart from the input's."""
    listed = {each["flow"]: each for each in system.send(Route.FLOWS).body["flows"]}
    assert listed["acme/trial/add"]["output"] == {"type": "integer"}
    assert listed["acme/results/bill"]["output"]["$ref"] == "#/$defs/Bill"
    described = document(system, "nk_acme")
    answer = described["paths"]["/seq/{org}/results/bill/execute"]["post"]["responses"]["200"]
    _, own = resolved(described, answer["content"]["application/json"]["schema"])["allOf"]
    assert (
        own["properties"]["output"]
        == own["properties"]["result"]
        == {"$ref": COMPONENTS + "Output__results__bill"}
    )
    schemas = described["components"]["schemas"]
    assert schemas["Output__results__bill"] == {"$ref": COMPONENTS + "results__bill__output__Bill"}
    assert schemas["results__bill__output__Bill"]["properties"]["scan"]["contentEncoding"] == "base64"
    assert schemas["results__bill__output__Bill"]["properties"]["line"] == {
        "$ref": COMPONENTS + "results__bill__output__Line"
    }


@pytest.mark.parametrize("key", [None, "nk_acme"])
def test_names_are_stable_and_make_identifiers(system: System, key: str | None) -> None:
    """Each operation has one tag; names are unique and need no character replaced."""
    described = document(system, key)
    operations = [each for path in described["paths"].values() for each in path.values()]
    names = [each["operationId"] for each in operations]
    assert len(set(names)) == len(names)
    components = described["components"]
    assert [
        name for name in [*names, *components["schemas"], *components["responses"]] if not name.isidentifier()
    ] == []
    tags = [tag["name"] for tag in described["tags"]]
    assert all(len(each["tags"]) == 1 and each["tags"][0] in tags for each in operations)
    assert "oneOf" not in json.dumps(described)


def test_names_of_operations_and_schemas_stay(system: System) -> None:
    """A client generated earlier still finds each of its operations and schemas by name."""
    described = document(system)
    operations = [each["operationId"] for path in described["paths"].values() for each in path.values()]
    assert sorted(operations) == OPERATION_NAMES.split()
    assert sorted(described["components"]["schemas"]) == SCHEMA_NAMES.split()
    of_flow = document(system, "nk_acme")
    added = of_flow["components"]["schemas"].keys() - described["components"]["schemas"].keys()
    own = {"Submission", "DirectSubmission", "Parameters", "Answer", "Output"}
    assert {name for name in added if name.endswith("__trial__add")} == {
        f"{kind}__trial__add" for kind in own
    }
    assert of_flow["paths"]["/seq/{org}/trial/add/jobs"]["post"]["operationId"] == "submit__trial__add"


@pytest.mark.parametrize("key", [None, "nk_acme"])
def test_each_body_has_an_example_that_its_schema_takes(system: System, key: str | None) -> None:
    """So has each flow's body, unless its schema does not say which texts the flow takes."""
    described = document(system, key)
    without = set()
    for operation in (
        each for path in described["paths"].values() for each in path.values() if "requestBody" in each
    ):
        body = operation["requestBody"]["content"]["application/json"]
        if "examples" in body:
            whole = {**body["schema"], "components": described["components"]}
            Draft202012Validator(whole, format_checker=FormatChecker()).validate(
                body["examples"]["example"]["value"]
            )
        else:
            without.add(operation["operationId"].partition("__")[2])
    assert without == set()


def test_limits_are_those_of_the_wire(system: System) -> None:
    """The document states the numbers that the functions enforce."""
    described = document(system)
    schemas, paths = described["components"]["schemas"], described["paths"]
    options = schemas["SubmitOptions"]["properties"]
    for option, least, most in [
        ("delaySeconds", 0, limits.MAX_DELAY_SECONDS),
        ("timeoutSeconds", 1, limits.MAX_TIMEOUT_SECONDS),
        ("maxAttempts", 1, limits.MAX_ATTEMPTS),
        ("backoffSeconds", 0, limits.MAX_BACKOFF_SECONDS),
        ("keepSeconds", limits.MIN_KEEP_SECONDS, limits.MAX_KEEP_SECONDS),
    ]:
        assert (options[option]["minimum"], options[option]["maximum"]) == (least, most)
    assert options["runAt"]["format"] == "date-time"
    assert str(limits.MAX_RUN_AHEAD_SECONDS) in options["runAt"]["description"]
    metadata = options["metadata"]
    assert metadata["maxProperties"] == limits.MAX_METADATA_ENTRIES
    assert metadata["propertyNames"] == {"minLength": 1, "maxLength": limits.MAX_METADATA_KEY_LENGTH}
    assert metadata["additionalProperties"]["maxLength"] == limits.MAX_METADATA_VALUE_LENGTH
    (seconds,) = (
        each["schema"] for each in paths["/jobs/{id}/wait"]["get"]["parameters"] if each["name"] == "seconds"
    )
    assert (seconds["minimum"], seconds["maximum"]) == (0, limits.MAX_WAIT_SECONDS)
    for limit in (limits.MAX_BODY_BYTES, limits.MAX_JSON_DEPTH):
        assert str(limit) in described["info"]["description"]
