"""Numbers of a run against matches that are written out by hand, and against those of a real player."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import arena
from arena.interval import pair_means
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Fault, Move
from arena.players.chat import Chat
from arena.players.engines.engine import Reply
from arena.record import Record, Result, StopReason, Turn
from arena.trainers.advantage import Key, RoleBaselines
from arena.trainers.monitors import against_anchors, expected, information, measure, repeated_share
from tests.engines import Scripted
from tests.test_match import Caller, Quiz


def trace(ids, prompt=(1, 2), cut=False):
    return {
        "ids": np.array(ids, np.int64),
        "prompt_ids": np.array(prompt, np.int64),
        "completion_tokens": np.asarray(len(ids)),
        "cut": np.asarray(cut),
    }


def match(turns, returns=(1.0, -1.0), entrants=("main", "main"), stop=StopReason.FINISHED, traces=None):
    turns = tuple(turn if isinstance(turn, Turn) else Turn(*turn) for turn in turns)
    return Record("key", "train", "nim", "", entrants, 0, "", turns, returns, stop, traces=traces or {})


def test_lengths_are_those_of_the_learners_replies_alone() -> None:
    said = {0: trace(range(5)), 1: trace(range(100)), 2: trace(range(9)), 3: trace([1])}
    record = match([(0, "a"), (1, "b"), (0, "c"), (0, "d")], entrants=("main", "rival"), traces=said)
    found = measure([record], {"main"}, 1.0)
    assert (found["replies"], found["length_mean"], found["length_median"], found["length_max"]) == (3, 5, 5, 9)


def test_shares_of_replies_that_hold_no_move() -> None:
    turns = [
        *[(0, "a")] * 4,
        *[(0, None, "?", Fault.UNPARSABLE.value)] * 2,
        (0, None, "", Fault.EMPTY.value),
        (0, "e9", "e9", "illegal"),
        (0, None, "well", Fault.TRUNCATED.value),
        (0, None, "", Fault.RESIGN.value),
        (1, None, "?", Fault.UNPARSABLE.value),
    ]
    found = measure([match(turns, entrants=("main", "rival"))], ["main"], 1.0)
    shares = {name: found[name] for name in ("unparsable", "empty", "illegal", "invalid", "truncated")}
    assert shares == pytest.approx({"unparsable": 0.2, "empty": 0.1, "illegal": 0.1, "invalid": 0.4, "truncated": 0.1})


def test_a_reply_that_was_cut_counts_though_a_move_was_read() -> None:
    record = match([(0, "a"), (0, "b")], traces={0: trace([1, 2], cut=True), 1: trace([1, 2])})
    assert measure([record], ["main"], 1.0)["truncated"] == 0.5


def test_draws_forfeits_and_matches_that_ran_into_the_limit_of_turns() -> None:
    records = [
        match([], (0.0, 0.0)),
        match([], (0.0, 0.0), stop=StopReason.TRUNCATED),
        match([], (2.0, -2.0)),
        match([], (-2.0, 2.0), stop=StopReason.FORFEIT),
        match([], (None, None), stop=StopReason.ABANDONED),
        match([], (2.0, -2.0), entrants=("rival", "other")),
    ]
    found = measure(records, ["main"], 2.0)
    assert [found[name] for name in ("matches", "draws", "stalled", "forfeits")] == [4, 0.5, 0.25, 0.25]


def test_seats_count_apart_and_only_while_the_learner_holds_them() -> None:
    records = [
        match([], (2.0, -2.0)),
        match([], (2.0, -2.0), entrants=("main", "rival")),
        match([], (-2.0, 2.0), entrants=("rival", "main")),
        match([], (0.0, 0.0)),
    ]
    found = measure(records, ["main"], 4.0)
    assert found["win_rate_seat_0"] == pytest.approx((1 + 1 + 0.5) / 3)
    assert found["win_rate_seat_1"] == pytest.approx((0 + 1 + 0.5) / 3)
    assert found["payoff_seat_0"] == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert found["payoff_seat_1"] == 0


def test_a_team_wins_together_and_a_cast_seat_plays_no_game() -> None:
    record = match([], (1.0, 1.0, -2.0, None), entrants=("main",) * 4)
    found = measure([record], ["main"], 2.0)
    assert [found[f"win_rate_seat_{seat}"] for seat in range(3)] == [1, 1, 0]
    assert "win_rate_seat_3" not in found
    assert found["draws"] == 0


@pytest.mark.parametrize(
    ("ids", "share"),
    [
        ([1, 2, 3], 0.0),
        ([1, 2, 3, 4], 0.0),
        ([7] * 10, 6 / 7),  # 7 grams, one of them new
        ([1, 2, 3, 4] * 3, 5 / 9),  # four new ones, then the same again
        (range(50), 0.0),
    ],
)
def test_the_share_of_repeated_4_grams(ids, share) -> None:
    assert repeated_share(np.array(ids)) == pytest.approx(share)


@given(st.lists(st.integers(0, 3), max_size=30))
def test_repeated_grams_are_counted_as_by_hand(ids) -> None:
    grams = [tuple(ids[i : i + 4]) for i in range(len(ids) - 3)]
    repeats = sum(gram in grams[:i] for i, gram in enumerate(grams))
    assert repeated_share(np.array(ids, np.int64)) == pytest.approx(repeats / len(grams) if grams else 0.0)


def test_replies_that_go_round_in_circles() -> None:
    record = match([(0, "a")] * 4, traces={0: trace([7] * 10), 1: trace([1]), 2: trace(range(20)), 3: trace([7] * 5)})
    assert measure([record], ["main"], 1.0)["repetition"] == 0.25


def test_an_echo_is_a_long_reply_that_another_prompt_got_too() -> None:
    long = list(range(16))
    traces = {
        0: trace(long, prompt=[1]),
        1: trace(long, prompt=[2]),
        2: trace(long[::-1], prompt=[1]),
        3: trace(long[::-1], prompt=[1]),  # the same question may have the same answer
        4: trace([5], prompt=[1]),  # a bare move says no more than there are moves
        5: trace([5], prompt=[2]),
    }
    found = measure([match([(0, "a")] * 6, traces=traces)], ["main"], 1.0)
    assert found["echo"] == 0.5
    assert "echo" not in measure([match([(0, "a")], traces={0: trace([5])})], ["main"], 1.0)


@pytest.mark.parametrize(
    ("law", "nats"),
    [
        ([[0.5, 0.5], [0.5, 0.5]], 0.0),
        ([[1.0, 0.0], [0.0, 1.0]], np.log(2)),
        ([[0.8, 0.2], [0.2, 0.8]], np.log(2) + 0.8 * np.log(0.8) + 0.2 * np.log(0.2)),  # of a binary channel
    ],
)
def test_how_much_a_reply_tells_of_its_prompt(law, nats) -> None:
    rng = np.random.Generator(np.random.PCG64(0))
    found = []
    for _ in range(400):
        prompts = rng.integers(2, size=200)
        found.append(information([(p, int(rng.random() < law[p][1])) for p in prompts.tolist()]))
    assert np.mean(found) == pytest.approx(nats, abs=0.004)


def test_a_model_that_does_not_read_its_prompt_is_seen_where_prompts_come_up_often() -> None:
    def played(replies):
        traces = {i: trace([reply], prompt=[i % 2]) for i, reply in enumerate(replies)}
        return measure([match([(0, "a")] * len(replies), traces=traces)], ["main"], 1.0)

    assert played([i % 2 for i in range(100)])["prompt_information"] == pytest.approx(np.log(2), abs=0.01)
    assert played([i // 2 % 2 for i in range(100)])["prompt_information"] == pytest.approx(0, abs=0.01)
    assert "prompt_information" not in played([i % 2 for i in range(19)])


def test_different_replies_are_told_by_their_words() -> None:
    record = match([(0, "bet", "I bet"), (0, "bet", "I raise: bet"), (0, "bet"), (1, "bet")])
    assert measure([record], ["main"], 1.0)["distinct"] == 0.75


def test_what_there_is_nothing_to_say_of_is_left_out() -> None:
    assert measure([], ["main"], 1.0) == {}
    found = measure([match([(0, "a")])], ["main"], 1.0)
    assert {"length_mean", "repetition", "echo"}.isdisjoint(found)
    assert all(isinstance(value, float) for value in found.values())


def test_the_traces_of_a_real_player_are_understood() -> None:
    """Of a scripted model at Kuhn poker: it bets and calls, tells how long it took, and once rambles on."""
    ids = np.arange(40)

    def say(prompt, sampling, member):
        rambles = "your card: J" in prompt[-1].content
        count = sampling.max_tokens if rambles else 3
        text = "well " * 20 if rambles else "<answer>bet</answer>"
        return Reply(text, "length" if rambles else "end", ids[:4], ids[:count], np.zeros(count, np.float32),
                     prompt_tokens=4, completion_tokens=count)  # fmt: skip

    player = Chat(Scripted(say))
    records = arena.play("kuhn_poker", [player, player], 30)
    found = measure(records, {name for record in records for name in record.entrants}, 2.0)
    turns = [turn for record in records for turn in record.turns if turn.seat >= 0]
    cut = sum(turn.fault == Fault.TRUNCATED for turn in turns)
    assert found["replies"] == len(turns)
    assert 0 < cut < len(turns)
    assert found["truncated"] == pytest.approx(cut / len(turns))
    assert found["length_max"] == player.sampling.max_tokens
    assert found["length_mean"] == pytest.approx(
        (cut * player.sampling.max_tokens + (len(turns) - cut) * 3) / len(turns)
    )


def test_what_baselines_expect_of_a_seat_is_what_its_payoffs_are_compared_with() -> None:
    game, baselines = arena.load_game("kuhn_poker"), RoleBaselines(0.5)
    baselines.update(Key("kuhn_poker", 0, 0), np.array([-0.25]))
    baselines.update(Key("kuhn_poker", 1, 1), np.array([0.5]))
    both = {"baseline_seat_0": -0.25, "baseline_seat_1": 0.5}
    assert expected(game, baselines, "role") == pytest.approx(both)
    assert expected(game, baselines, "shared") == pytest.approx(dict.fromkeys(both, -0.25))
    assert expected(game, baselines, "none") == dict.fromkeys(both, 0.0)


def rated(first, second, payoffs, pair, step=1):
    """Return the two matches of a pair: (payoff of `first` in seat 0, payoff of `first` in seat 1)."""
    return [
        Result(first, second, "first", "second", payoffs[0], pair, step),
        Result(second, first, "first", "second", -payoffs[1], pair, step),
    ]


def test_the_win_rate_against_anchors_has_the_interval_of_its_pairs() -> None:
    game = arena.load_game("tic_tac_toe")
    won = [(1.0, 1.0), (1.0, -1.0), (0.0, 1.0), (1.0, 0.0)]
    results = [r for i, payoffs in enumerate(won) for r in rated("main-1", "uniform", payoffs, f"p{i}")]
    results += rated("main-1", "main-2", (-1.0, -1.0), "p9") + rated("uniform", "perfect", (-1.0, -1.0), "p9")
    found = against_anchors(results, game, ["main-1", "main-2"], ["uniform", "perfect"])
    assert found.keys() == {"main-1"}
    value = np.array([1, 1, 1, 0, 0.5, 1, 1, 0.5])
    wanted = pair_means(value, np.arange(8) // 2, np.zeros(8, int), np.zeros(8, int), 1, 1.0)
    assert found["main-1"]["anchor_win_rate"] == pytest.approx(0.75)
    assert found["main-1"]["anchor_low"] == pytest.approx(0.75 - wanted.half_width[0])
    assert found["main-1"]["anchor_high"] == 1.0


def test_anchors_of_different_strength_widen_no_interval() -> None:
    game = arena.load_game("tic_tac_toe")
    results = [
        r
        for i in range(20)
        for name, payoff in (("weak", 1.0), ("strong", -1.0))
        for r in rated("main-1", name, (payoff, payoff if i else 0.0), f"{name}{i}")
    ]
    found = against_anchors(results, game, ["main-1"], ["weak", "strong"])["main-1"]
    assert found["anchor_win_rate"] == pytest.approx(0.5)
    assert found["anchor_high"] - found["anchor_low"] < 0.1


def test_nobody_who_met_an_anchor_is_nobody() -> None:
    assert against_anchors([], arena.load_game("nim"), ["main-1"], ["uniform"]) == {}


def test_what_the_referee_plays_for_a_seat_that_failed_is_no_reply():
    player = Caller(lambda request: Move("word") if request.seat == 2 else Move(None, "Hm.", fault=Fault.UNPARSABLE))
    seats = [Fixture("quiz", "train", ("caller", "caller", "other"), 0, "")]
    records = list(play_fixtures(Quiz(), seats, {"caller": player, "other": player}, patience=Patience(retries=0)))
    told = measure(records, ["caller"], 1.0)
    assert (told["replies"], told["invalid"], told["unparsable"]) == (2.0, 1.0, 1.0)
