"""The form of a flow: what it sends, and where it shows what the API refuses."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.console.canned import Answer, CannedApi, instant, job_id, refused
from tests.e2e.console.conftest import Open

FLOW = "acme/studio/order"
EXACT = ["3544790567247868102", "0.2345678901234568", "-0.12345678901234567", "1e400", "-0", "1.0"]

ITEM = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "quantity": {"type": "integer", "default": 1}},
    "required": ["name"],
}
ADDRESS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def described(required: list[str], **properties: Any) -> list[dict[str, Any]]:
    """Return the flow with these inputs."""
    schema = {"type": "object", "properties": properties, "required": required}
    return [{"flow": FLOW, "input": schema, "timeoutSeconds": 60, "maxAttempts": 3}]


def accepts(api: CannedApi) -> None:
    """Accept each submission."""
    made = {"id": job_id(1), "state": "pending", "createdAt": instant(1), "flow": FLOW}
    api.on(f"POST /seq/{FLOW}/jobs", lambda _asked: Answer(made, 202))
    api.jobs = [made]


def submit(page: Page) -> None:
    """Send the form."""
    page.get_by_role("button", name="Submit", exact=True).click()


def sent(page: Page, api: CannedApi) -> str:
    """Submit the form; return what was sent."""
    submit(page)
    page.get_by_role("region", name="Timeline").wait_for()
    return api.requests("POST /seq/.*/jobs")[-1].text


def test_errors_of_the_api_are_shown_at_their_fields(api: CannedApi, canned: Open) -> None:
    """Those of nested fields and list entries as well; those without a field below the form."""
    api.flows = described(["items"], items={"type": "array", "items": ITEM}, address=ADDRESS)
    paths = ("parameters.items.1.name", "parameters.address.city", "options.metadata", "parameters.old")
    errors = [{"path": path, "message": "is refused by the flow"} for path in paths]
    api.on(
        f"POST /seq/{FLOW}/jobs",
        lambda _asked: refused(422, "INVALID_INPUT", "The input is invalid.", errors=errors),
    )
    opened = canned(f"#/flows/{FLOW}")
    page = opened.page
    for _ in range(2):
        page.get_by_role("button", name="Add to items").click()
    page.get_by_label("name *").first.fill("pen")
    page.get_by_label("name *").last.fill("ink")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("city *").fill("Oslo")
    submit(page)
    expect(page.get_by_role("alert")).to_contain_text("The input is invalid.")
    second = page.get_by_label("name *").last
    expect(second).to_be_focused()
    expect(second).to_have_accessible_description("name is refused by the flow")
    expect(page.get_by_label("city *")).to_have_accessible_description("city is refused by the flow")
    expect(page.get_by_label("name *").first).to_have_attribute("aria-invalid", "false")
    for path in ("options.metadata", "old"):
        expect(page.get_by_text(f"{path} is refused by the flow")).to_be_visible()
    opened.shoot("form-refused")
    opened.forgive(422)


def test_numbers_are_sent_as_they_are_typed(api: CannedApi, canned: Open) -> None:
    """In a field, in nested JSON and in the code that the page shows."""
    names = [f"n{index}" for index in range(len(EXACT))]
    api.flows = described(names, **{name: {"type": "number"} for name in names}, data={})
    accepts(api)
    page = canned(f"#/flows/{FLOW}").page
    for name, number in zip(names, EXACT, strict=True):
        page.get_by_label(f"{name} *").fill(number)
    nested = '{"deep":[' + ",".join(EXACT) + "]}"
    page.get_by_role("textbox", name="data", exact=True).fill(nested)
    page.get_by_role("button", name="curl").click()
    code = page.get_by_role("region", name="As code")
    fields = ",".join(f'"{name}":{number}' for name, number in zip(names, EXACT, strict=True))
    expect(code).to_contain_text(fields)
    assert f'{fields},"data":{nested}' in sent(page, api)


def test_output_is_copied_as_the_api_wrote_it(api: CannedApi, canned: Open) -> None:
    """Numbers that a double cannot hold are shown and copied digit by digit."""
    text = ", ".join(EXACT)
    body = (
        f'{{"id": "{job_id(1)}", "state": "completed", "flow": "{FLOW}", "createdAt": "{instant(0)}",'
        f' "result": {{"status": "success", "output": [{text}]}}}}'
    )
    api.on(f"GET /jobs/{job_id(1)}", lambda _asked: Answer(text=body))
    page = canned(f"#/jobs/{job_id(1)}").page
    output = page.get_by_role("region", name="Output")
    for number in EXACT:
        expect(output.get_by_text(number, exact=True)).to_be_visible()
    output.get_by_role("button", name="Copy").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == "[\n  " + ",\n  ".join(EXACT) + "\n]"


def test_only_what_is_given_is_sent(api: CannedApi, canned: Open) -> None:
    """Defaults are, optional fields are not; null is, where a value is required and may be null."""
    api.flows = described(
        ["reason", "colour"],
        priority={"enum": ["low", "high"], "default": "low"},
        colour={"enum": ["red", 7]},
        size={"anyOf": [{"enum": ["s", "l"]}, {"type": "null"}], "default": None},
        reason={"anyOf": [{"type": "string"}, {"type": "null"}]},
        note={"type": "string"},
        gift={"type": "boolean", "default": False},
    )
    accepts(api)
    page = canned(f"#/flows/{FLOW}").page
    submit(page)
    expect(page.get_by_text("reason is required")).to_be_visible()
    expect(page.get_by_text("colour is required")).to_be_visible()
    page.get_by_label("No reason: null").check()
    page.get_by_label("colour *").select_option("7")
    assert '"parameters":{"priority":"low","gift":false,"reason":null,"colour":7}' in sent(page, api)


def test_change_makes_another_job_and_a_repetition_does_not(api: CannedApi, canned: Open) -> None:
    """The idempotency key is of what the form holds."""
    api.flows = described([], note={"type": "string"})
    api.on(
        f"POST /seq/{FLOW}/jobs",
        lambda _asked: refused(503, "UNAVAILABLE", "Away.", headers={"Retry-After": "1"}),
    )
    opened = canned(f"#/flows/{FLOW}")
    for text in ("a", "a", "b"):
        opened.page.get_by_label("note").fill(text)
        with opened.page.expect_response("**/jobs"):
            submit(opened.page)
        opened.page.get_by_role("button", name="Submit", exact=True).wait_for()
    first, second, third = [each.headers["idempotency-key"] for each in api.requests("POST")]
    assert first == second != third
    opened.forgive(503)
