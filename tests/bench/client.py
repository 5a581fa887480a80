"""The CPU of our client and of Noukai's published SDK: their import, a first and each further poll."""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from operator import itemgetter, truediv
from pathlib import Path
from tempfile import TemporaryDirectory

from noukai_wire.routes import BASE_PATH
from tests.bench.machine.laboratory import in_turn, least
from tests.bench.machine.loopback import Authority, Handler, Server, json_bytes, serving
from tests.bench.machine.runtime import INSTALLED
from tests.bench.report import Section

_ROUNDS = 9
_POLLS = 200
_PROGRAM = Path(__file__).parent / "machine" / "clients" / "polling.py"
_NAMES = {"noukai": "ours", "noukai-sdk": "published"}
_JOB = {
    "id": "job_bench",
    "state": "running",
    "status": "running",
    "flow": "acme/demo/word-count",
    "createdAt": "2026-01-01T00:00:00.000Z",
    "startedAt": "2026-01-01T00:00:00.100Z",
    "attempt": 1,
    "maxAttempts": 3,
    "executionId": "job_bench",
    "flowId": "acme/demo/word-count",
    "blockCount": 1,
}
_NOTES = (
    (
        "CPU beyond that of bare Python, with an API over TLS on loopback; "
        f"the least of {_ROUNDS} processes each, in turn, with {_POLLS} polls. "
        "The SDK's first request is a submission and a poll, since it cannot take up a job."
    ),
    (
        "Where the libraries of our command (rich, typer) are installed, httpx imports its own command; "
        "our client prevents that. The SDK does not install them and is measured without them."
    ),
)

Sample = Mapping[str, float]


def sections() -> Iterable[Section]:
    """Measure both clients."""
    with TemporaryDirectory() as folder:
        authority = Authority(Path(folder), INSTALLED / "botocore" / "cacert.pem")
        api = Server(_Jobs, authority.context)
        with serving(api):
            ask = partial(_sample, f"https://{api.address}{BASE_PATH}", authority.bundle)
            samples = in_turn({name: partial(ask, name) for name in ("bare", *_NAMES.values())}, _ROUNDS)
    bare = {step: least(samples["bare"], itemgetter(step)) for step in ("imported", "first")}
    figures = {
        name: (
            (least(samples[key], itemgetter("imported")) - bare["imported"]) * 1e3,
            (least(samples[key], itemgetter("first")) - bare["first"]) * 1e3,
            least(samples[key], itemgetter("polls")) / _POLLS * 1e6,
        )
        for name, key in _NAMES.items()
    }
    ours, theirs = figures.values()
    yield Section(
        "Clients",
        ("client", "import ms", "until first poll ms", "CPU per poll µs"),
        [*((name, *values) for name, values in figures.items()), ("ratio", *map(truediv, ours, theirs))],
        figures,
        _NOTES,
    )


def _sample(url: str, bundle: Path, name: str) -> Sample:
    command = [sys.executable, str(_PROGRAM), name, url, str(_POLLS)]
    answer = subprocess.run(
        command, check=True, capture_output=True, env={"SSL_CERT_FILE": str(bundle)}, timeout=60
    )
    sample: Sample = json.loads(answer.stdout)
    return sample


class _Jobs(Handler):
    def do_GET(self) -> None:  # noqa: N802 - the name is http.server's
        self.answer(
            200, json_bytes(_JOB), Content_Type="application/json", X_Request_ID="req_bench", Retry_After="1"
        )

    def do_POST(self) -> None:  # noqa: N802 - the name is http.server's
        self.body()
        self.answer(202, json_bytes(_JOB), Content_Type="application/json", X_Request_ID="req_bench")
