import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import arena
from arena.record import Cost, Record, StopReason
from arena.tournaments.record_lines import as_json, game_of, read

GAME = arena.load_game("tic_tac_toe")
GOOD = replace(arena.play("tic_tac_toe", ["uniform", 'script(prefer="5")'], seed=3)[0], kind="tournament")


def line(**changes):
    return json.dumps({**as_json(GOOD), **changes}).encode()


def turns(number, **changes):
    """Return the good match's moves with one turn changed."""
    found = as_json(GOOD)["turns"]
    return [{**turn, **changes} if i == number else turn for i, turn in enumerate(found)]


def test_a_record_is_plain_json_and_is_read_as_it_was():
    values = json.loads(json.dumps(as_json(GOOD), allow_nan=False))
    assert values["turns"][0] == {"seat": 0, "action": GOOD.turns[0].action}
    assert read(line(), GAME) == GOOD
    assert game_of(line()) == "tic_tac_toe"


def test_every_ending_is_read_as_it_was():
    forfeit = {"stop": StopReason.FORFEIT, "culprit": 0, "returns": (-1.0, 1.0), "reason": "it resigned"}
    some = GOOD.turns[:3]
    for record in (
        replace(GOOD, turns=(*some, GOOD.turns[3]._replace(action=None, raw="ä", fault="resign")), **forfeit),
        replace(GOOD, turns=(*some, GOOD.turns[3]._replace(action="0", fault="illegal")), **forfeit, crashes=(1,)),
        replace(GOOD, turns=some, returns=(0.0, 0.0), stop=StopReason.TRUNCATED, reason="stopped after 3 moves"),
        replace(GOOD, turns=some, returns=(None, None), stop=StopReason.ABANDONED, culprit=1, crashes=(1, 1, 1)),
        replace(GOOD, turns=()),
    ):
        assert read(json.dumps(as_json(record)).encode(), GAME) == record


WRONG = {
    "no JSON": (b"{", "it is no match as arena export writes them: EOF"),
    "no object": (b"[]", "it is no match as arena export writes them"),
    "null": (b"null", "it is no match as arena export writes them"),
    "brackets": (b"[" * 100_000, "it is no match as arena export writes them: recursion limit exceeded"),
    "no UTF-8": (b'{"key": "\xff"}', "it is no match as arena export writes them: invalid unicode"),
    "half a letter": (line(key="\ud800"), "it is no match as arena export writes them: unexpected end of hex escape"),
    "half a name": (line(entrants=["\ud800", "b"]), "it is no match as arena export writes them"),
    "half a reason": (line(reason="\udc80"), "it is no match as arena export writes them"),
    "half a reply": (line(turns=turns(0, raw="\udc80")), "it is no match as arena export writes them"),
    "a missing key": (json.dumps({"key": "a"}).encode(), "it has no 'kind'"),
    "another key": (line(surprise=1), "there is no key 'surprise' in a match"),
    "a key that is a pattern": (line(key="[a*?"), "its key = '[a*?' will not do"),
    "a key with an end": (line(key="a\n"), "will not do"),
    "an empty key": (line(key=""), "its key = '' will not do"),
    "a kind in a list": (line(kind=["a"]), "its kind = ['a'] will not do: input should be 'rating', 'tournament'"),
    "another kind": (line(kind="foo"), "its kind = 'foo' will not do"),
    "code": (line(game="os:system(command='echo')"), "it names the game \"os:system(command='echo')\", and this"),
    "another game": (line(game="kuhn_poker"), "it names the game 'kuhn_poker', and this file is of tic_tac_toe"),
    "other rules": (line(fingerprint="0" * 16), "it was played under 'tic_tac_toe' with other rules"),
    "one entrant": (line(entrants=["a"]), "it has no 'entrants.1'"),
    "numbers": (line(entrants=[1, 2]), "its entrants.0 = 1 will not do"),
    "itself": (line(entrants=["a", "a"]), "'a' plays against itself"),
    "a long name": (line(entrants=["a" * 101, "b"]), "will not do: take 1 to 100 printable characters"),
    "two lines": (line(entrants=["a\nb", "c"]), r"the name 'a\nb' will not do"),
    "a bar": (line(entrants=["a", "c|d"]), "the name 'c|d' will not do"),
    "nothing": (line(entrants=["a", ""]), "the name '' will not do"),
    "blanks": (line(entrants=["a", "b "]), "the name 'b ' will not do"),
    "NUL": (line(entrants=["a\0", "b"]), r"the name 'a\x00' will not do"),
    "an escape": (line(entrants=["a", "\x1b[2J"]), r"the name '\x1b[2J' will not do"),
    "true": (line(seed=True), "its seed = True will not do"),
    "below 0": (line(seed=-1), "its seed = -1 will not do"),
    "a great seed": (line(seed=2**70), "its seed = 1180591620717411303424 will not do"),
    "digits": (line(seed=7).replace(b'"seed": 7', b'"seed": ' + b"9" * 5000), "it is no match as arena export"),
    "a great step": (line(step=2**63), "its step = 9223372036854775808 will not do"),
    "a step below 0": (line(step=-5), "its step = -5 will not do"),
    "a pair with NUL": (line(pair="a\0b"), r"its pair 'a\x00b' should be printable"),
    "a long pair": (line(pair="a" * 1001), "its pair = 'aaaa"),
    "a number for a reason": (line(reason={"a": 1}), "its reason = {'a': 1} will not do"),
    "seat 9": (line(turns=turns(0, seat=9)), "its turns.0.seat = 9 will not do"),
    "seat x": (line(turns=turns(0, seat="x")), "its turns.0.seat = 'x' will not do"),
    "a number for a move": (line(turns=turns(0, action=5)), "its turns.0.action = 5 will not do"),
    "a list for a reply": (line(turns=turns(0, raw=[1])), "its turns.0.raw = [1] will not do"),
    "a new fault": (line(turns=turns(0, fault="tired")), "its turns.0.fault"),
    "a chair": (line(turns=[{"chair": 1}]), "it has no 'turns.0.seat'"),
    "nothing done": (line(turns=turns(0, action=None)), "a turn of it has neither an action nor a fault"),
    "no such field": (line(turns=turns(0, action="zz")), "turn 0: 'zz' is refused"),
    "the other's move": (line(turns=turns(0, seat=1)), "turn 0: seat 1 moved, but seat 0 was due"),
    "half a match": (line(turns=turns(0)[:3]), "is written as finished, but the game goes on"),
    "the other's win": (line(returns=[-paid for paid in GOOD.returns]), "pays ("),
    "a long move": (line(turns=turns(0, action="z" * 10_000)), "…"),
    "no payoffs": (line(returns=[None, None]), "its returns should be 2 numbers between -1 and 1 that add up to 0"),
    "both win": (line(turns=[], returns=[1, 1]), "its returns should be 2 numbers"),
    "too much": (line(turns=[], returns=[5.0, -5.0]), "its returns should be 2 numbers"),
    "too little": (line(turns=[], returns=[1e-320, -1e-320]), "its returns should be 2 numbers"),
    "true payoffs": (line(returns=[True, False]), "its returns.0"),
    "infinite": (line(returns=[float("inf"), 0]), "its returns.0 = inf will not do"),
    "text": (line(returns=["1", "-1"]), "its returns.0"),
    "three": (line(returns=[0, 0, 0]), "its returns"),
    "another stop": (line(stop="bored"), "its stop = 'bored' will not do"),
    "to blame for nothing": (line(culprit=0), "it is finished, and still somebody is to blame"),
    "nobody to blame": (line(stop="forfeit"), "it is forfeit, and its culprit should be the seat"),
    "seat 9 to blame": (line(stop="forfeit", culprit=9), "its culprit = 9 will not do"),
    "x to blame": (line(stop="forfeit", culprit="x"), "its culprit = 'x' will not do"),
    "a list to blame": (line(culprit=[1]), "its culprit = [1] will not do"),
    "the guilty wins": (line(stop="forfeit", culprit=0, returns=[1, -1]), "should be [-1.0, 1.0], not [1.0, -1.0]"),
    "paid for a draw": (line(stop="truncated", returns=[1, -1]), "should be [0.0, 0.0]"),
    "paid for nothing": (line(stop="void", returns=[1, -1]), "should be [None, None]"),
    "seat 7 crashed": (line(crashes=[7]), "its crashes.0 = 7 will not do"),
    "seat a crashed": (line(crashes=["a"]), "its crashes.0 = 'a' will not do"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_one_clause(what):
    text, wrong = WRONG[what]
    found = read(text, GAME)
    assert isinstance(found, str)
    assert wrong in found
    assert len(found) <= 500
    assert found.isprintable()


def test_a_game_may_go_by_the_name_that_its_file_gives_it_and_that_name_is_not_loaded(tmp_path):
    there = "/elsewhere/mine.py:Mine"
    assert read(line(game=there), GAME, there) == replace(GOOD, game=there)
    assert "it names the game" in read(line(game="mine.py:Other"), GAME, there)


def test_costs_go_out_and_come_back_and_traces_stay(tmp_path):
    record = replace(GOOD, costs=(Cost(0.25, 100, 12), Cost()), traces={0: {"ids": np.arange(3)}})
    values = as_json(record)
    assert "traces" not in values
    assert "costs" not in as_json(GOOD)
    assert values["costs"][0] == {"dollars": 0.25, "prompt_tokens": 100, "completion_tokens": 12}
    assert read(json.dumps(values).encode(), GAME) == record
    for wrong in (-1, "1", None, float("inf")):
        spent = [{"dollars": wrong, "prompt_tokens": 1, "completion_tokens": 1}] * 2
        assert "its costs" in read(line(costs=spent), GAME)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(as_json(GOOD))), JSON)
def test_no_value_of_any_field_stops_the_reading(field, value):
    found = read(line(**{field: value}), GAME)
    assert isinstance(found, str | Record)
    if isinstance(found, Record):
        assert json.dumps(as_json(found)[field]) == json.dumps(value) or as_json(found)[field] == value
