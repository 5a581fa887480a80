"""The model behaves as moto and the local system do, wherever the functions could tell the difference."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.lifecycle import Job, State
from functions.queue import Message
from functions.store import JobStore, Refused
from infra.local.emulator import Emulator
from tests.infra.emulator import running_emulator
from tests.model.subject import MOST_RECEIVES, VISIBILITY_SECONDS, Subject, on_local_system, on_model, on_moto

NOW = 1_700_000_000_000
PENDING = Job(
    id="job_a",
    org="acme",
    flow="demo/echo",
    state=State.PENDING,
    created_at=NOW,
    attempt=0,
    max_attempts=2,
    digest=b"\x00\xff" * 8,
    keep_seconds=3600,
    give_up_at=NOW + 1,
)
MESSAGE = Message("job_a", NOW, "acme", "demo/echo", {"message": "ü\ud800"})


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with running_emulator(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(params=["model", "model honouring old receipts", "moto", "local system"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    match request.param:
        case "moto":
            with on_moto() as subject:
                yield subject
        case "local system":
            yield on_local_system(request.getfixturevalue("emulator"))
        case kind:
            yield on_model(honours_old_receipts=kind != "model")


def claimed(store: JobStore, job: Job = PENDING) -> Job:
    """Create the job and start its first attempt, whose lease ends after ten seconds."""
    store.create(job, NOW)
    return store.claim(job.id, created_at=NOW, owner="me", lease_until=NOW + 10_000, now=NOW)


def answer(call: Callable[[], object]) -> object:
    """What a call gives: its value, the row with which it is refused, or the code of its error."""
    try:
        return call()
    except Refused as refused:
        return "refused", refused.seen
    except ClientError as error:
        return error.response["Error"]["Code"]


# Rows.


def test_rows_are_read_as_they_were_written(subject: Subject) -> None:
    """A row is read with every attribute, consistently or not; one that is not there is not."""
    full = replace(PENDING, progress={"percent": 12.5}, result="", metadata={"team": "ü"}, not_before=1, lease_until=2)
    subject.store.create(full, NOW)
    for consistent in (True, False):
        assert subject.store.read("job_a", consistent=consistent) == full
        assert subject.store.read("job_b", consistent=consistent) is None


def test_id_is_taken_until_its_job_has_expired(subject: Subject) -> None:
    """A second job of an id is refused with the row that is there, until that one is settled and expired."""
    running, again, expiry = claimed(subject.store), replace(PENDING, created_at=NOW + 1), NOW + 3_600_000
    assert answer(lambda: subject.store.create(again, expiry)) == ("refused", running)
    failed = subject.store.fail(running, error="x", now=NOW)
    assert answer(lambda: subject.store.create(again, expiry - 1_000)) == ("refused", failed)
    subject.store.create(again, expiry)
    assert subject.store.read("job_a", consistent=True) == again


def test_input_is_kept_beside_the_row(subject: Subject) -> None:
    """The message of a job is kept whole, again and again, and none is found for another job of the id."""
    assert subject.inputs.read(PENDING) is None
    for now in (NOW, NOW + 1):
        subject.inputs.keep(MESSAGE, PENDING, now)
    assert subject.inputs.read(PENDING) == MESSAGE
    assert subject.inputs.read(replace(PENDING, created_at=NOW + 1)) is None


def test_second_claim_follows_on_the_first(subject: Subject) -> None:
    """A claim counts up, keeps when the first began, and clears what the attempt before has left."""
    released = subject.store.release(claimed(subject.store), error="x", not_before=NOW + 5)
    assert (released.lease_until, released.not_before, released.last_error) == (None, NOW + 5, "x")
    second = subject.store.claim("job_a", created_at=NOW, owner="you", lease_until=NOW + 9, now=NOW + 5)
    assert (second.attempt, second.started_at, second.owner, second.not_before) == (2, NOW, "you", None)
    assert subject.store.read("job_a", consistent=True) == second


WRITES: dict[str, Callable[[JobStore, Job], object]] = {
    "create": lambda store, job: store.create(replace(job, created_at=NOW + 1), NOW + 3_600_000),
    "claim": lambda store, job: store.claim(job.id, created_at=NOW, owner="you", lease_until=NOW + 9, now=NOW),
    "claim late": lambda store, job: store.claim(
        job.id, created_at=NOW, owner="me", lease_until=NOW + 19_000, now=NOW + 10_000
    ),
    "claim another": lambda store, job: store.claim(job.id, created_at=1, owner="me", lease_until=NOW, now=NOW),
    "extend": lambda store, job: store.extend(job, lease_until=NOW + 2, progress={"percent": 1}),
    "extend silently": lambda store, job: store.extend(job, lease_until=NOW + 20_000, progress=None),
    "complete": lambda store, job: store.complete(job, result="{}", now=NOW),
    "fail": lambda store, job: store.fail(job, error="x", now=NOW, stopped_at=NOW),
    "release": lambda store, job: store.release(job, error="x", not_before=NOW + 1),
    "cancel": lambda store, job: store.cancel(job.id, org="acme", flow="demo/echo", now=NOW),
    "cancel of any flow": lambda store, job: store.cancel(job.id, org="acme", flow=None, now=NOW),
    "cancel of another org": lambda store, job: store.cancel(job.id, org="globex", flow=None, now=NOW),
    "abandon": lambda store, job: store.abandon(job, error="x", now=NOW),
    "abandon late": lambda store, job: store.abandon(job, error="x", now=NOW + 10_000),
    "stop": lambda store, job: store.record_stopped(job, NOW),
}


def made_waiting(store: JobStore, job: Job) -> Job:
    waiting = replace(job, not_before=NOW + 10_000)
    store.create(waiting, NOW)
    return waiting


def made_cancelled(store: JobStore, job: Job) -> Job:
    running = claimed(store, job)
    store.cancel(job.id, org="acme", flow=None, now=NOW)
    return running


ROWS: dict[str, Callable[[JobStore, Job], Job]] = {
    "none": lambda _, job: job,
    "waiting": made_waiting,
    "running": claimed,
    "taken over": lambda store, job: replace(claimed(store, job), attempt=0),
    "completed": lambda store, job: store.complete(claimed(store, job), result="1", now=NOW),
    "cancelled": made_cancelled,
}


@pytest.mark.parametrize("subject", ["moto", "local system"], indirect=True)
@pytest.mark.parametrize("row", ROWS)
def test_every_write_on_every_row(subject: Subject, row: str) -> None:
    """What each write makes of a row, or the row with which it is refused, is what the model says."""
    model = on_model(honours_old_receipts=False)
    for name, write in WRITES.items():
        answers = []
        for store in (subject.store, model.store):
            job = ROWS[row](store, replace(PENDING, id=f"job of {name}"))
            answers.append((answer(partial(write, store, job)), store.read(job.id, consistent=True)))
        assert answers[0] == answers[1], name


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(sorted(WRITES)), min_size=4, max_size=12))
def test_any_sequence_of_writes(names: list[str]) -> None:
    """Whatever a worker with an older view of its job and others write in turn, the model answers as moto does."""
    with on_moto() as moto:
        stores = moto.store, on_model(honours_old_receipts=True).store
        (mine, _) = [claimed(store) for store in stores]
        for name in names:
            one, other = (answer(partial(WRITES[name], store, mine)) for store in stores)
            assert one == other
            one, other = (store.read("job_a", consistent=True) for store in stores)
            assert one == other
            if name.startswith("claim") and one is not None and one.state is State.RUNNING:
                mine = one


@pytest.mark.parametrize("values", [{}, {":x": {"N": "1"}, ":y": {"N": "1"}}], ids=["too few", "too many"])
def test_values_are_those_that_the_expressions_name(subject: Subject, values: Any) -> None:
    """A value that is missing, or that no expression names, is an error, and nothing is written."""
    request = {"TableName": subject.table, "Key": {"id": {"S": "a"}}, "UpdateExpression": "SET n = :x"}
    update = partial(subject.tables.update_item, **request, ExpressionAttributeValues=values)
    assert answer(update) == "ValidationException"
    assert subject.store.read("a", consistent=True) is None


def test_rows_are_answered_only_if_asked_for(subject: Subject) -> None:
    """A write whose request asks for no row is answered without one, be it applied or refused."""
    values = {":x": {"N": "1"}}
    request = {"TableName": subject.table, "Key": {"id": {"S": "a"}}, "ExpressionAttributeValues": values}
    assert "Attributes" not in subject.tables.update_item(**request, UpdateExpression="SET n = :x")
    with pytest.raises(ClientError) as refused:
        subject.tables.update_item(**request, UpdateExpression="SET n = n + :x", ConditionExpression="n < :x")
    assert refused.value.response["Error"]["Code"] == "ConditionalCheckFailedException"
    assert "Item" not in refused.value.response


# Messages.


def test_message_is_received_once_at_a_time(subject: Subject) -> None:
    """A message is delivered whole and counted, and hidden from then on."""
    subject.queue.send(MESSAGE)
    ((delivery, receives),) = subject.receive()
    assert (Message.parse(delivery.body), receives) == (MESSAGE, 1)
    assert subject.receive() == []


def test_delayed_message_is_not_due(subject: Subject) -> None:
    """A message that is sent with a delay is not delivered at once."""
    subject.queue.send(MESSAGE, delay_seconds=900)
    assert subject.receive() == []


def test_delay_and_visibility_end(subject: Subject) -> None:
    """A message is due when its delay, the queue's visibility and a visibility of its own end, and not before."""
    subject.queue.send(MESSAGE, delay_seconds=900)
    for receives, seconds in enumerate((900, VISIBILITY_SECONDS, 7), start=1):
        subject.let_pass(seconds - 1)
        assert subject.receive() == []
        subject.let_pass(1)
        ((delivery, counted),) = subject.receive()
        assert counted == receives
        if receives > 1:
            subject.queue.hide([delivery], 7)


def test_delivery_is_given_back(subject: Subject) -> None:
    """A delivery that is hidden for no time returns at once, counted again and with another receipt; others stay."""
    for flow in ("demo/one", "demo/two"):
        subject.queue.send(replace(MESSAGE, flow=flow))
    (one, _), (two, _) = subject.receive()
    subject.queue.hide([one], 0)
    subject.queue.hide([two], 30)
    ((again, receives),) = subject.receive()
    assert (again.id, again.body, receives) == (one.id, one.body, 2)
    assert again.receipt != one.receipt


def test_receives_are_bounded(subject: Subject) -> None:
    """No more messages are received at once than were asked for, and each of them once."""
    for index in range(3):
        subject.queue.send(replace(MESSAGE, id=f"job_{index}"))
    received = [subject.receive(most=2), subject.receive(most=2)]
    assert [len(each) for each in received] == [2, 1]
    assert len({delivery.id for each in received for delivery, _ in each}) == 3


def test_one_bad_receipt_does_not_fail_its_neighbours(subject: Subject) -> None:
    """Of a batch the deliveries that are there are given back, and those that are not are named."""
    for index in range(2):
        subject.queue.send(replace(MESSAGE, id=f"job_{index}"))
    (gone, _), (there, _) = subject.receive()
    subject.delete(gone.receipt)
    receipts = {"gone": gone.receipt, "there": there.receipt, "garbage": "garbage"}
    assert subject.hide(receipts, 0) == dict.fromkeys(("gone", "garbage"), "ReceiptHandleIsInvalid")
    ((again, _),) = subject.receive()
    assert again.id == there.id
    subject.queue.hide([gone, again], 0)
    assert len(subject.receive()) == 1


def test_deleted_message_is_gone(subject: Subject) -> None:
    """A message is deleted by its receipt, though it may be due again by then; doing so again changes nothing."""
    subject.queue.send(MESSAGE)
    ((delivery, _),) = subject.receive()
    subject.queue.hide([delivery], 0)
    subject.delete(delivery.receipt)
    assert subject.receive() == []
    assert answer(lambda: subject.delete(delivery.receipt)) == subject.code_of_spent_receipt
    assert answer(lambda: subject.delete("garbage")) == "ReceiptHandleIsInvalid"


def received_twice(subject: Subject) -> tuple[str, str]:
    """The older and the newer receipt of a message."""
    subject.queue.send(MESSAGE)
    ((older, _),) = subject.receive()
    subject.queue.hide([older], 0)
    ((newer, _),) = subject.receive()
    return older.receipt, newer.receipt


def test_visibility_by_an_older_receipt(subject: Subject) -> None:
    """An older receipt gives a message back where it is honoured, and is named as invalid where it is not."""
    older, newer = received_twice(subject)
    failed = subject.hide({"older": older}, 0)
    assert failed == ({} if subject.honours_old_receipts else {"older": "ReceiptHandleIsInvalid"})
    assert len(subject.receive()) == subject.honours_old_receipts
    assert subject.hide({"newer": newer}, 0) == {} if not subject.honours_old_receipts else True


def test_deletion_by_an_older_receipt(subject: Subject) -> None:
    """An older receipt deletes a message where it is honoured, and does nothing where it is not."""
    older, newer = received_twice(subject)
    code = answer(lambda: subject.delete(older))
    assert code == (None if subject.honours_old_receipts else subject.code_of_spent_receipt)
    assert subject.hide({"newer": newer}, 0).keys() == ({"newer"} if subject.honours_old_receipts else set())


def test_message_becomes_a_dead_letter(subject: Subject) -> None:
    """A message that returns from its last receive is a dead letter, which goes on counting."""
    subject.queue.send(MESSAGE)
    for _ in range(MOST_RECEIVES):
        ((delivery, _),) = subject.receive()
        subject.queue.hide([delivery], 0)
    assert subject.receive() == []
    ((letter, receives),) = subject.receive(dead_letters=True)
    assert (letter.id, letter.body, receives) == (delivery.id, delivery.body, MOST_RECEIVES + 1)


class Caller:
    """Whoever sends, receives and uses every receipt that it was ever given."""

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
        # AWS leaves open what is said of the receipt of a message that is a dead letter by now.
        answer(lambda: self.subject.delete(self._receipt(chosen)))

    def wait(self, seconds: int) -> None:
        self.subject.let_pass(seconds)

    def leave(self) -> object:
        """Receive what is left, here and of the dead letters."""
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


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(CALLS, min_size=5, max_size=25))
def test_any_sequence_of_calls_to_the_queue(calls: list[tuple[Any, ...]]) -> None:
    """Whatever is sent, received, hidden and deleted in whatever order, the model answers as moto does."""
    with on_moto() as moto:
        callers = Caller(moto), Caller(on_model(honours_old_receipts=True))
        for name, *arguments in [*calls, ("leave",)]:
            one, other = (getattr(caller, name)(*arguments) for caller in callers)
            assert one == other, name


# What the model has and the others need not.


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        ("put_item", {"Item": {"id": {"S": "a"}}, "ReturnValues": "ALL_OLD"}),
        ("get_item", {"Key": {"id": {"S": "a"}}, "ProjectionExpression": "a"}),
        ("update_item", {"Key": {"id": {"S": "a"}}, "UpdateExpression": "SET a = :a", "ReturnValues": "UPDATED_NEW"}),
        ("update_item", {"Key": {"id": {"S": "a"}}, "UpdateExpression": "SET a = :a", "ExpressionAttributeNames": {}}),
    ],
)
def test_unknown_argument_of_a_table_is_refused(call: str, request_: Any) -> None:
    """The model lets nobody use what it would leave out."""
    values = {"ExpressionAttributeValues": {":a": {"N": "1"}}} if call == "update_item" else {}
    with pytest.raises((TypeError, KeyError)):
        getattr(on_model(honours_old_receipts=False).tables, call)(TableName="jobs", **request_, **values)
