"""A promotion of one operator beside the abort of another."""

import random

import pytest

from noukai_infra.operations.account import OperatorError
from noukai_infra.operations.deploy.releases.canary import Canary
from tests.infra.operations.releases.test_canary import Aws, deploy


@pytest.mark.parametrize("moment", ["before the share", "first wait", "second wait"])
def test_promotion_ends_with_an_abort_of_another(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One operator promotes while another one sees failures: the bad version gets no further job."""
    aws = Aws(random.Random(1), busy=False)
    waits = iter(["first wait", "second wait"])

    def sleep(_seconds: float) -> None:
        if next(waits) == moment:
            aws.delete_item()

    canary = Canary(aws.account, "noukai", sleep)
    deploy(aws, canary, "2", 5)
    if moment == "before the share":
        monkeypatch.setattr(Canary, "share", 5)
        aws.delete_item()
    with pytest.raises(OperatorError, match="The canary was aborted in the meantime: nothing is promoted"):
        canary.promote(lambda _: None)
    assert (aws.row, aws.aliases["live"], aws.is_read["stable"]) == (None, "1", True)
