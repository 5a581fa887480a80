"""The model's queues behave as those of moto and the local system, as far as functions can tell."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from noukai_functions.jobs.queues.queue import Message, OutgoingMessage
from tests.model.conformance.subject import (
    MESSAGE,
    MOST_RECEIVES,
    VISIBILITY_SECONDS,
    Subject,
    answer,
    on_model,
)


def test_message_is_received_once_at_a_time(subject: Subject) -> None:
    """A message is delivered whole and counted, and then hidden."""
    subject.queue.send(MESSAGE)
    ((delivery, receives),) = subject.receive()
    assert (Message.parse(delivery.body), receives) == (MESSAGE, 1)
    assert subject.receive() == []


def test_messages_that_are_sent_together(subject: Subject) -> None:
    """Each is delivered as if sent alone, with its own delay."""
    messages = [
        OutgoingMessage(replace(MESSAGE, id=f"job_{index}"), 900 * (index % 2)) for index in range(12)
    ]
    assert subject.queue.send_many(messages) == set()
    received = [*subject.receive(most=10), *subject.receive(most=10)]
    assert {delivery.body for delivery, _ in received} == {message.message.body for message in messages[::2]}


def test_delayed_message_is_not_due(subject: Subject) -> None:
    """A message that is sent with a delay is not delivered at once."""
    subject.queue.send(MESSAGE, delay_seconds=900)
    assert subject.receive() == []


def test_delay_and_visibility_end(subject: Subject) -> None:
    """A message is due once its delay, the queue's visibility and its own visibility end, not before."""
    subject.queue.send(MESSAGE, delay_seconds=900)
    for receives, seconds in enumerate((900, VISIBILITY_SECONDS, 7), start=1):
        subject.let_pass(seconds - 1)
        assert subject.receive() == []
        subject.let_pass(1)
        ((delivery, counted),) = subject.receive()
        assert counted == receives
        if receives > 1:
            subject.defer(delivery, 7)


def test_delivery_is_given_back(subject: Subject) -> None:
    """A delivery hidden for no time returns at once with a new count and receipt; others stay hidden."""
    for flow in ("demo/one", "demo/two"):
        subject.queue.send(replace(MESSAGE, flow=flow))
    (one, _), (two, _) = subject.receive()
    subject.defer(one, 0)
    subject.defer(two, 30)
    ((again, receives),) = subject.receive()
    assert (again.id, again.body, receives) == (one.id, one.body, 2)
    assert again.receipt != one.receipt


def test_receives_are_bounded(subject: Subject) -> None:
    """A receive returns at most the requested number, each message once."""
    for index in range(3):
        subject.queue.send(replace(MESSAGE, id=f"job_{index}"))
    received = [subject.receive(most=2), subject.receive(most=2)]
    assert [len(each) for each in received] == [2, 1]
    assert len({delivery.id for each in received for delivery, _ in each}) == 3


def test_messages_of_one_group_do_not_wait_for_each_other(subject: Subject) -> None:
    """The group is the org, and comes with each delivery; on a standard queue it holds no message back."""
    for org in ("acme", "acme", "globex"):
        subject.queue.send(replace(MESSAGE, org=org))
    assert sorted(subject.receive_groups()) == ["acme", "acme", "globex"]


def test_one_bad_receipt_does_not_fail_its_neighbours(subject: Subject) -> None:
    """Existing deliveries of the batch are given back, and missing ones are named."""
    for index in range(2):
        subject.queue.send(replace(MESSAGE, id=f"job_{index}"))
    (gone, _), (there, _) = subject.receive()
    subject.delete(gone.receipt)
    receipts = {"gone": gone.receipt, "there": there.receipt, "garbage": "garbage"}
    assert subject.hide(receipts, 0) == dict.fromkeys(("gone", "garbage"), "ReceiptHandleIsInvalid")
    ((again, _),) = subject.receive()
    assert again.id == there.id
    subject.give_back([gone, again])
    assert len(subject.receive()) == 1


def test_deleted_message_is_gone(subject: Subject) -> None:
    """A receipt deletes its message even if that is due again; a second deletion changes nothing."""
    subject.queue.send(MESSAGE)
    ((delivery, _),) = subject.receive()
    subject.defer(delivery, 0)
    subject.delete(delivery.receipt)
    assert subject.receive() == []
    assert answer(lambda: subject.delete(delivery.receipt)) == subject.code_of_spent_receipt
    assert answer(lambda: subject.delete("garbage")) == "ReceiptHandleIsInvalid"


def received_twice(subject: Subject) -> tuple[str, str]:
    """Return the older and the newer receipt of a message."""
    subject.queue.send(MESSAGE)
    ((older, _),) = subject.receive()
    subject.defer(older, 0)
    ((newer, _),) = subject.receive()
    return older.receipt, newer.receipt


def test_visibility_by_an_older_receipt(subject: Subject) -> None:
    """It gives a message back where older receipts are honoured, and is named as invalid elsewhere."""
    older, newer = received_twice(subject)
    failed = subject.hide({"older": older}, 0)
    assert failed == ({} if subject.honours_old_receipts else {"older": "ReceiptHandleIsInvalid"})
    assert len(subject.receive()) == subject.honours_old_receipts
    assert subject.hide({"newer": newer}, 0) == {}


def test_deletion_by_an_older_receipt(subject: Subject) -> None:
    """It deletes a message where older receipts are honoured, and does nothing elsewhere."""
    older, newer = received_twice(subject)
    code = answer(lambda: subject.delete(older))
    assert code == (None if subject.honours_old_receipts else subject.code_of_spent_receipt)
    assert subject.hide({"newer": newer}, 0).keys() == ({"newer"} if subject.honours_old_receipts else set())


def test_message_becomes_a_dead_letter(subject: Subject) -> None:
    """A message that returns after its last receive is a dead letter, which continues to count."""
    subject.queue.send(MESSAGE)
    for _ in range(MOST_RECEIVES):
        ((delivery, _),) = subject.receive()
        subject.defer(delivery, 0)
    assert subject.receive() == []
    ((dead_letter, receives),) = subject.receive(dead_letters=True)
    assert (dead_letter.id, dead_letter.body, receives) == (delivery.id, delivery.body, MOST_RECEIVES + 1)


class Caller:
    """A client that sends, receives and uses every receipt that it ever got."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.sent = 0
        self.receipts = ["garbage"]

    def send(self, seconds: int) -> None:
        self.sent += 1
        self.subject.queue.send(replace(MESSAGE, id=f"job_{self.sent}"), delay_seconds=seconds)

    def receive(self, most: int, *, dead_letters: bool = False) -> list[tuple[str, int]]:
        deliveries = self.subject.receive(most, dead_letters=dead_letters)
        self.receipts += [delivery.receipt for delivery, _ in deliveries]
        return [(delivery.body, receives) for delivery, receives in deliveries]

    def hide(self, seconds: int, chosen: int) -> object:
        return self.subject.hide({"chosen": self._receipt(chosen), "first": self.receipts[0]}, seconds)

    def delete(self, chosen: int) -> None:
        # AWS leaves open how a receipt is answered once its message is a dead letter.
        answer(lambda: self.subject.delete(self._receipt(chosen)))

    def wait(self, seconds: int) -> None:
        self.subject.let_pass(seconds)

    def leave(self) -> object:
        """Receive what is left, here and in the dead-letter queue."""
        self.wait(1_000)
        return self.receive(10), self.receive(10, dead_letters=True)

    def _receipt(self, chosen: int) -> str:
        return self.receipts[chosen % len(self.receipts)]


CALLS = st.one_of(
    st.tuples(st.just("send"), st.sampled_from([0, 30])),
    st.tuples(st.just("receive"), st.sampled_from([1, 2, 10])),
    st.tuples(st.just("hide"), st.sampled_from([0, 0, 30, 900]), st.integers(0, 20)),
    st.tuples(st.just("delete"), st.integers(0, 20)),
    st.tuples(st.just("wait"), st.sampled_from([30, VISIBILITY_SECONDS])),
)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(st.lists(CALLS, min_size=5, max_size=25))
def test_any_sequence_of_calls_to_the_queue(
    fresh_on_moto: Callable[[], Subject], calls: list[tuple[Any, ...]]
) -> None:
    """For any order of sends, receives, changes and deletions, the model answers as moto does."""
    callers = Caller(fresh_on_moto()), Caller(on_model(honours_old_receipts=True))
    for name, *arguments in [*calls, ("leave",)]:
        one, other = (getattr(caller, name)(*arguments) for caller in callers)
        assert one == other, name
