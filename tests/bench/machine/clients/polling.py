"""`polling.py CLIENT URL POLLS`: import a client, poll a job, and print the CPU after each step."""

import json
import sys
import time
from collections.abc import Callable

Poll = Callable[[], object]


def ours(url: str) -> Poll:
    from noukai import Noukai  # noqa: PLC0415 - the import is what is measured

    IMPORTED.append(time.process_time())
    return Noukai("nk_bench", base_url=url).job("job_bench").status


def published(url: str) -> Poll:
    # httpx imports its own command if click and rich are installed; this SDK does not install them.
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
    import noukai_sdk  # noqa: PLC0415

    IMPORTED.append(time.process_time())
    vars(noukai_sdk._client)["DEFAULT_BASE_URL"] = url  # the SDK knows its own addresses only
    client = noukai_sdk.Noukai(api_key="nk_bench")
    return client.flow("acme/demo/word-count").execute_async(message="to be").poll


def bare(_url: str) -> Poll:
    IMPORTED.append(time.process_time())
    return bool


IMPORTED: list[float] = []
name, url, polls = sys.argv[1:]
poll = {"ours": ours, "published": published, "bare": bare}[name](url)
poll()
first = time.process_time()
for _ in range(int(polls)):
    poll()
print(json.dumps({"imported": IMPORTED[0], "first": first, "polls": time.process_time() - first}))  # noqa: T201 - its answer
