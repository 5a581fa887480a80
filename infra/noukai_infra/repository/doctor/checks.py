"""All checks, in the order in which they are shown."""

from collections.abc import Iterator

from noukai_infra.operations.account import Account
from noukai_infra.repository.doctor import deployed, machine, place, quotas, surroundings
from noukai_infra.repository.doctor.finding import Finding, checked
from noukai_infra.repository.doctor.permissions import permissions
from noukai_infra.settings import Settings


def findings() -> Iterator[Finding]:
    """Yield what each check finds; those of the account need settings and credentials."""
    settings = place.Kept[Settings]()
    account = place.Kept[Account]()
    yield from checked("Python", machine.python)
    yield from checked("settings", lambda: place.settings(settings))
    yield from checked("Node", machine.node)
    yield from checked("emulator", machine.emulator)
    yield from checked("port", machine.port, is_needed=False)
    wants_image = settings.value is not None and place.has_images(settings.value)
    yield from checked("images", surroundings.builder, is_needed=wants_image, seconds=25)
    yield from checked("proxy", surroundings.proxy, is_needed=False)
    yield from checked("clock", surroundings.clock, is_needed=False)
    if settings.value is None:
        yield Finding("AWS", "not checked: correct the settings first", is_good=False, is_needed=False)
        return
    known = settings.value
    yield from checked("AWS", lambda: place.account(known, account))
    if account.value is not None:
        yield from of_account(account.value, known)


def of_account(account: Account, settings: Settings) -> Iterator[Finding]:
    """Yield what the checks of an account and of the stack in it find."""
    yield from checked("bootstrap", lambda: place.bootstrap(account, settings.company.qualifier))
    yield from checked("permissions", lambda: permissions(account, settings), is_needed=False)
    yield from checked("concurrency", lambda: quotas.concurrency(account, settings))
    yield from checked("throttle", lambda: quotas.throttle(account, settings), is_needed=False)
    yield from deployed.findings(account, settings)
