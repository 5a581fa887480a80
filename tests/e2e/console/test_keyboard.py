"""Each view without a mouse: Tab reaches whatever can be pressed, and shows where it is."""

import pytest

from tests.e2e.console.canned import CannedApi, job, job_id
from tests.e2e.console.conftest import Open
from tests.e2e.console.test_automation import endpoint, timed

MOST_STEPS = 80
FLOW = {
    "flow": "acme/studio/greet",
    "input": {"type": "object", "properties": {"message": {"type": "string"}, "loud": {"type": "boolean"}}},
    "timeoutSeconds": 60,
    "maxAttempts": 1,
}
PLACES = [
    "#/jobs",
    f"#/jobs/{job_id(1)}",
    "#/flows",
    "#/flows/acme/studio/greet",
    "#/usage",
    "#/schedules",
    "#/schedules/digest",
    "#/webhooks",
    "#/webhooks/billing",
]

MARKED = """() => {
  const all = document.querySelectorAll('a[href], button, input, select, textarea, summary');
  const reachable = [...all].filter(each => each.tabIndex >= 0 && !each.disabled && each.checkVisibility()
    && !(each.type === 'radio' && !each.checked));
  reachable.forEach((each, index) => { each.dataset.mark = index });
  return reachable.map(each => each.outerHTML.slice(0, 120));
}"""

FOCUSED = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const ring = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  const isShown = ring || style.boxShadow !== 'none' || at === document.body;
  return [at.dataset.mark ?? '', isShown, at.outerHTML.slice(0, 120)];
}"""


@pytest.mark.parametrize("place", PLACES)
def test_tab_reaches_each_control_and_shows_it(api: CannedApi, canned: Open, place: str) -> None:
    """No control is for the mouse alone, and no focus is invisible."""
    api.flows = [FLOW]
    api.jobs = [job(1, "failed", error="no", lastError="no")]
    endpoint(api)
    timed(api)
    page = canned(place).page
    page.locator("main .card, main [role=grid], main .empty").first.wait_for()
    page.locator("main h1").first.wait_for(state="attached")
    controls = page.evaluate(MARKED)
    assert len(controls) > 5
    seen = set()
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        mark, is_shown, element = page.evaluate(FOCUSED)
        assert is_shown, element
        seen.add(mark)
    assert [text for index, text in enumerate(controls) if str(index) not in seen] == []
