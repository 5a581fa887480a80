"""The demonstration flows."""

from functions.flows.demo import echo, sleep, word_count
from noukai.testing import rehearse

TEXT = "To be, or not to be: that\u2019s the question\n" * 20


def test_echo_returns_what_it_is_given() -> None:
    """Both inputs come back, absent or not."""
    assert rehearse(echo, {"message": "hello", "value": [1, None]}).output == {
        "message": "hello",
        "value": [1, None],
    }
    assert rehearse(echo).output == {"message": None, "value": None}


def test_words_are_counted_whatever_their_case() -> None:
    """The most frequent words come first; a word may contain an apostrophe of either kind."""
    output = rehearse(word_count, {"message": TEXT, "top": 2}).output
    assert output == {"words": 180, "distinct": 7, "top": {"to": 40, "be": 40}}
    assert rehearse(word_count, {"message": "don't don\u2019t well-read"}).output["words"] == 3


def test_counting_reports_progress_ten_times() -> None:
    """It reports at each tenth of the lines, up to all of them."""
    progress = rehearse(word_count, {"message": TEXT}).progress
    assert [each["percent"] for each in progress] == [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]
    assert progress[-1]["message"] == "counted 20 of 20 lines"
    assert rehearse(word_count, {"message": ""}).output == {"words": 0, "distinct": 0, "top": {}}


def test_top_has_bounds() -> None:
    """More words than a result should hold are refused."""
    assert rehearse(word_count, {"message": "x", "top": 1001}).state == "failed"


def test_sleep_reports_its_steps_and_can_be_cancelled() -> None:
    """Each step is reported before it is slept."""
    done = rehearse(sleep, {"seconds": 0, "steps": 4})
    assert (done.output, [each["percent"] for each in done.progress]) == ({"slept": 0.0}, [0, 25, 50, 75])
    stopped = rehearse(
        sleep, {"seconds": 0, "steps": 4}, cancel_when=lambda progress: progress["percent"] == 25
    )
    assert (stopped.state, len(stopped.progress)) == ("cancelled", 2)
