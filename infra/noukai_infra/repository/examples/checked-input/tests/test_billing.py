"""Tests of the example's flow."""

from billing import invoice

from noukai.testing import rehearse


def test_lines_are_summed_up() -> None:
    done = rehearse(invoice, {"lines": [{"article": "nut", "pieces": 3, "price": 0.5}]})
    assert done.output == {"total": 1.5, "currency": "EUR"}


def test_input_that_does_not_fit_is_refused() -> None:
    done = rehearse(invoice, {"lines": [{"article": "nut", "pieces": 0, "price": 0.5}]})
    assert done.state == "failed"
    assert "lines.0.pieces" in str(done.error)
