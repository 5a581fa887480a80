"""Faults of flows, tenants and queues: how each is made, and what shows that it is mended."""

from tests.drill.fault import Words
from tests.drill.site import FAILED, Site

GLOBEX = "nk_local_globex"
_OF_GLOBEX = {"Authorization": f"Bearer {GLOBEX}"}
OF_FLOW = {"ORG": "acme", "PROJECT": "drill"}


def stall(site: Site) -> Words:
    mapping = site.mapping("worker")["UUID"]
    site.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
    site.jobs = [site.submit("echo").json()["id"] for _ in range(2)]
    return {"UUID": mapping, "FUNCTION": site.functions["worker"]}


def have_completed(site: Site) -> bool:
    return all(site.state(each) == "completed" for each in site.jobs)


def run_away(site: Site) -> Words:
    """Submit more than the workers get done before the table throttles them."""
    entries = [{"message": "a drill"}] * 20
    site.request("POST", "/seq/globex/drill/echo/jobs/batch", json={"jobs": entries}, headers=_OF_GLOBEX)
    site.connection.share = 1
    return {"ORG": "globex", "PROJECT": "drill", "FLOW": "echo", "NAME": "slower", "1000": str(_MOST)}


_MOST = 6
"""The most unfinished jobs of an org with which the table does not throttle, and the tenant's cap."""


def go_on_running_away(site: Site) -> None:
    """Submit as the tenant; DynamoDB throttles the workers while it has too many unfinished jobs."""
    for _ in range(4):
        site.submit("echo", GLOBEX)
    site.connection.share = int(_unfinished(site) > _MOST)


def _unfinished(site: Site) -> int:
    found = [
        site.request("GET", "/seq/globex/jobs", params={"state": state}, headers=_OF_GLOBEX).json()["jobs"]
        for state in ("pending", "running")
    ]
    return sum(map(len, found))


def is_refused(site: Site) -> bool:
    return site.submit("echo", GLOBEX).status_code == 429


def has_room(site: Site) -> bool:
    if _unfinished(site) > _MOST:
        return False
    site.connection.share = 0
    return True


def kill_workers(site: Site) -> Words:
    kill(site)
    job = site.submit("fail").json()["id"]
    return {**OF_FLOW, "FLOW": "kill", "JOB": job}


def kill(site: Site) -> None:
    if not site.is_calm:
        site.submit("kill")
        site.waits_for(lambda: site.mapping("worker").get("LastProcessingResult") == FAILED)


def put_off(site: Site) -> Words:
    site.each_in_flight, site.each_second = 40_000, 7200
    site.jobs = [site.submit("put-off").json()["id"] for _ in range(3)]
    site.waits_for(
        lambda: all("attempt" in site.request("GET", f"/jobs/{each}").json() for each in site.jobs)
    )
    return {**OF_FLOW, "FLOW": "put-off", "JOB": site.jobs[0]}


def queue_is_empty(site: Site) -> bool:
    url = site.outputs["QueueUrl"]
    answer = site.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return not any(int(value) for name, value in answer.items() if name.startswith("ApproximateNumberOf"))
