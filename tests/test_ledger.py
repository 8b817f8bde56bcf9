"""What a match has cost, and the traces of its turns, of those players that keep theirs."""

import numpy as np
import pytest

from arena.ledger import Ledger, wrong_trace
from arena.player import Fault, Move
from arena.record import Cost, Turn

SPENT = {"dollars": np.float64(0.5), "prompt_tokens": np.int64(10), "completion_tokens": np.array(3)}


def test_every_answer_is_paid_whatever_becomes_of_it():
    ledger = Ledger(("model", "net"), frozenset({"model"}))
    assert ledger.costs == ()
    ledger.pay(0, Move("bet", trace=SPENT))
    ledger.pay(0, Move(None, trace=SPENT, fault=Fault.UNAVAILABLE))
    ledger.begin_again()
    ledger.pay(0, ValueError("no answer, no bill"))
    ledger.pay(1, Move("bet", trace=SPENT))  # keeps no traces
    assert ledger.costs == (Cost(1.0, 20, 6), Cost())


def test_traces_are_those_of_the_attempt_that_counts():
    ledger = Ledger(("model", "net"), frozenset({"model"}))
    turns = [Turn(-1, "J"), Turn(0, "bet")]
    ledger.keep(turns, Move("bet", trace=SPENT))
    ledger.begin_again()
    for turn, trace in ((Turn(1, "bet"), SPENT), (Turn(0, None, "hm", "illegal"), {}), (Turn(0, "bet"), SPENT)):
        turns.append(turn)
        ledger.keep(turns, Move(turn.action, trace=trace))
    assert ledger.traces == {4: SPENT}
    assert ledger.costs == ()


def test_a_trace_without_a_bill_costs_nothing():
    assert Cost.of({"ids": np.arange(3)}) == Cost(0.0, 0, 0)


@pytest.mark.parametrize(
    ("trace", "sentence"),
    [
        ({"ids": ["a"]}, "'ids' is of <U1: give an array of plain numbers"),
        ({"ids": [object()]}, "'ids' is of object"),
        ({"x": [1j]}, "'x' is of complex128"),
        ({7: [1]}, "its name 7 is no text"),
        ({"\ud800": [1]}, "is no text"),
        ({"dollars": float("nan")}, "'dollars' is nan: give one number, 0 or more"),
        ({"prompt_tokens": -1}, "'prompt_tokens' is -1: give one number"),
        ({"completion_tokens": [1, 2]}, "'completion_tokens' is [1, 2]: give one number"),
    ],
)
def test_a_trace_that_no_file_can_hold_is_told(trace, sentence):
    assert sentence in wrong_trace(trace)


def test_arrays_lists_and_numbers_can_be_kept():
    assert wrong_trace({**SPENT, "ids": np.arange(3), "version": 7, "logp": [0.5], "ended": True}) == ""
