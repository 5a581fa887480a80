"""Guards of stages: production never goes to another account, and is not deleted by mistake."""

from noukai_infra.command_line import command
from noukai_infra.folders import SETTINGS_FILE
from noukai_infra.operations.account import Account, OperatorError
from noukai_infra.settings import Settings

PRODUCTION = ("prod", "production")


def check_stage(stage: str | None, settings: Settings) -> None:
    """Refuse to deploy a stage that is called production, but may go to any account.

    Raises:
        OperatorError: the stage names no account.
    """
    if stage in PRODUCTION and settings.account is None:
        raise OperatorError(
            f"The stage {stage} names no account, so that it would go wherever your credentials are for: "
            f'add account = "…" and region = "…" to the stage in {SETTINGS_FILE.name}.'
        )


def check_unprotected(account: Account, stack: str, settings: Settings) -> None:
    """Refuse to delete a protected stack.

    Raises:
        OperatorError: the settings protect the stack, or AWS does.
    """
    if settings.protect or account.is_protected(stack):
        raise OperatorError(
            f"The stack {stack} is protected, and nothing was deleted. To delete it, set protect = false in "
            f"{SETTINGS_FILE.name}, run `{command('deploy')}`, which lifts the protection, and then "
            f"`{command('destroy')}`."
        )
