"""Tests of the flow, which run it as a worker does."""

from hello import hello

from noukai.testing import rehearse


def test_everybody_is_greeted() -> None:
    done = rehearse(hello, {"message": "Ada Grace"})
    assert done.output == "Hello, Ada and Grace!"
    assert done.progress[-1] == {"percent": 100, "message": "greeting Grace"}


def test_a_message_that_names_nobody_fails_at_once() -> None:
    done = rehearse(hello, {"message": " "})
    assert (done.state, len(done.attempts)) == ("failed", 1)
    assert "names nobody" in str(done.error)
