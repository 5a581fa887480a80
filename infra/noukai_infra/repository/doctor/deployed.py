"""The checks of the deployed stack: endpoint, certificate, versions, backlog and health."""

import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from functools import partial
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

from noukai_infra.command_line import command
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.operations.deploy.releases.canary import Canary
from noukai_infra.operations.deploy.releases.rollback import behind, live_flows
from noukai_infra.operations.ops import health
from noukai_infra.operations.ops.queues import UNPROCESSED, queue_states
from noukai_infra.repository.doctor.finding import Finding, NotCheckedError, checked
from noukai_infra.repository.doctor.flows_here import version_here
from noukai_infra.settings import Settings

_SECONDS = 5.0
_HTTPS = 443
_DAY = 24 * 60 * 60
_HOUR = 60 * 60
_LEAST_DAYS = 30
"""ACM renews 60 days before the end: https://docs.aws.amazon.com/acm/latest/userguide/managed-renewal.html."""

_ADVICE = {
    "readers": "enable it, or deploy again: infra/RUNBOOK.md says when it may be off",
    UNPROCESSED: f"`{command('ops', 'dead-letters show')}` shows them",
    "uncounted": f"`{command('recount')}` counts them",
    "sweep": f"`{command('ops', 'tail --function sweep --since 2d')}` shows why",
}


def findings(account: Account, settings: Settings) -> Iterator[Finding]:
    """Yield what is found of the stack; a single finding if it is not deployed."""
    outputs: dict[str, str] = {}

    def look() -> str:
        found = account.outputs(settings.stack)
        if found is None:
            raise NotCheckedError(f"{settings.stack} is not deployed: `{command('deploy')}` deploys it")
        outputs.update(found)
        return f"{settings.stack} is deployed"

    yield from checked("stack", look)
    if not outputs:
        return
    now = time.time()
    yield from checked("endpoint", lambda: endpoint(outputs["Endpoint"]))
    if settings.domain or settings.edge:
        host = urlsplit(outputs["Endpoint"]).hostname or ""
        yield from checked("certificate", lambda: certificate(host, now))
    yield from checked("flows", lambda: flows(account, settings), is_needed=False, seconds=40)
    yield from checked("versions", lambda: versions(account, settings.stack), is_needed=False, seconds=40)
    yield from checked("backlog", partial(backlog, account, outputs, settings.oldest_message_hours, now))
    yield from checked("health", lambda: list(of_health(account, settings.stack, now)), seconds=30)


def endpoint(url: str) -> str:
    """Return that the API answers; raise if it does not."""
    try:
        with urlopen(f"{url}/healthz", timeout=_SECONDS) as answer:  # noqa: S310 - the stack's own address
            answer.read()
    except HTTPError as refused:
        raise OperatorError(
            f"{url}/healthz answers {refused.code}: `{command('ops')}` shows what is wrong"
        ) from refused
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise OperatorError(
            f"{url} does not answer ({reason}): check the DNS record of its name; behind a proxy, HTTPS_PROXY"
        ) from error
    return f"{url} answers"


def certificate(host: str, now: float, port: int = _HTTPS, trust: ssl.SSLContext | None = None) -> str:
    """Return how many days a host's certificate is still valid; raise if these are few, or none."""
    context = trust or ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), _SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert()
    except ssl.SSLCertVerificationError as error:
        raise OperatorError(
            f"that of {host} is refused ({error.verify_message}): `{command('deploy')}` sets one; behind "
            "a proxy of its own authority, set SSL_CERT_FILE"
        ) from error
    except OSError as error:
        raise NotCheckedError(
            f"not checked: {host} takes no direct connection ({error}): look from a machine without a proxy"
        ) from error
    days = int((ssl.cert_time_to_seconds(str((shown or {})["notAfter"])) - now) // _DAY)
    if days < _LEAST_DAYS:
        raise OperatorError(
            f"that of {host} ends in {days} days, and ACM has not renewed it: set its validation "
            "record again (`aws acm describe-certificate` shows it)"
        )
    return f"that of {host} is valid for {days} days"


def flows(account: Account, settings: Settings) -> str:
    """Return the version of the deployed flows; raise if it is not that of the flows here."""
    live, here = live_flows(account, settings.stack), version_here()
    if live != here:
        raise OperatorError(
            f"version {live or 'unknown'} is live, and {here} is here: `{command('deploy')}` deploys it"
        )
    return f"version {live} is live, as here"


def versions(account: Account, stack: str) -> str:
    """Return that each live version is the one that was deployed last; raise if one is not."""
    late = behind(account, stack)
    if late and (share := Canary(account, stack).share) is not None:
        return f"a canary has {share} % of new jobs: `{command('canary')}` shows its figures"
    if late:
        few = ", ".join(late[:3]) + (f" and {len(late) - 3} more" if len(late) > 3 else "")  # noqa: PLR2004
        raise OperatorError(
            f"{few} run a version before the last deploy's, as after a rollback: `{command('rollback')}` or "
            f"`{command('deploy')}` goes forward again"
        )
    return "every function runs the version of the last deploy"


def backlog(account: Account, outputs: Mapping[str, str], most_hours: int, now: float) -> str:
    """Return the waiting messages; raise if the oldest is older than the setting allows."""
    states = [each for each in queue_states(account.session, outputs, now, ages=True) if each.is_of_jobs]
    waiting = sum(each.waiting for each in states)
    oldest = max(states, key=lambda each: each.oldest_seconds or 0)
    age = oldest.oldest_seconds or 0
    if age > most_hours * _HOUR:
        raise OperatorError(
            f"{waiting} messages wait, the oldest for {age / _HOUR:.1f} h in the queue {oldest.name}: raise "
            f"max_concurrency, or see `{command('ops', 'queues')}`"
        )
    return f"{waiting} messages wait, the oldest for {age:.0f} s"


def of_health(account: Account, stack: str, now: float) -> Iterator[Finding]:
    """Yield what `ops` finds of alarms, readers, dead-letter messages, usage and the sweep."""
    for each in health.findings(account, stack, now):
        if each.is_well and each.name.startswith("queue "):
            continue
        advice = _ADVICE.get(each.name, f"see `{command('ops')}`")
        yield Finding(each.name, each.says if each.is_well else f"{each.says}: {advice}", each.is_well)
