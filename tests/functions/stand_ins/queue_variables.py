"""The variables of functions that name several queues."""

import json
from collections.abc import Mapping


def queue_variables(urls: Mapping[str, str], of_kinds: Mapping[str, str]) -> dict[str, str]:
    """Return the queues that the report of health counts, and those of worker kinds, if there are some."""
    kinds = {"default": urls["QUEUE_URL"], **of_kinds}
    watched = {
        "kinds": {name: [url] for name, url in kinds.items()},
        "dead_letters": [urls["DEAD_LETTER_QUEUE_URL"]],
        "unprocessed": [urls["REACTIONS_QUEUE_URL"]],
    }
    variables = {"HEALTH_QUEUES": json.dumps(watched)}
    return variables | ({"WORKER_KIND_QUEUES": json.dumps(of_kinds)} if of_kinds else {})
