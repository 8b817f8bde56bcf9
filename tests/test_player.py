"""Requests, batches of them, and drawing from a policy."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from arena.errors import GameError, HiddenState, PlayerError
from arena.game import Choices, Game, Text, decision_states
from arena.games.kuhn_poker import KuhnPoker, State
from arena.games.tic_tac_toe import TicTacToe
from arena.player import Fault, HasPolicy, Move, Player, Request, Requests, Trainable
from arena.seeds import derive

KUHN = KuhnPoker()
KING, AFTER_BET = State(("K", "J")), State(("Q", "K"), ("bet",))


class Spy(KuhnPoker):
    """Kuhn poker that counts how often it is asked."""

    def __init__(self) -> None:
        self._asked: list[str] = []

    def view(self, s: State, seat: int) -> str:
        self._asked.append("view")
        return super().view(s, seat)

    def legal(self, s: State, seat: int) -> tuple[str, ...]:
        self._asked.append("legal")
        return self.actions

    def encode(self, s: State, seat: int) -> Any:
        self._asked.append("encode")
        return super().encode(s, seat)


def chi_square(drawn: np.ndarray, law: np.ndarray) -> float:
    counts = np.bincount(drawn, minlength=len(law))
    assert not counts[law == 0].any()
    expected = len(drawn) * law[law > 0]
    return float(((counts[law > 0] - expected) ** 2 / expected).sum())


def batch(n: int, state: State = KING) -> Requests:
    return Requests(Request(KUHN, state, 0, seed=derive(0, "draw", i)) for i in range(n))


# One request.


def test_a_request_holds_what_the_seat_knows() -> None:
    request = Request(KUHN, AFTER_BET, 1, seed=5, match="m1", complaint="no such move")
    assert request.text == "your card: K; so far: bet"
    assert request.legal == ("pass", "bet")
    assert (request.role, request.seat, request.seed, request.match) == ("second", 1, 5, "m1")
    assert request.complaint == "no such move"
    assert np.array_equal(request.tensor(), [0, 0, 1, 0, 0, 1, 0])


def test_nothing_is_made_before_it_is_looked_at_and_then_once() -> None:
    game = Spy()
    request = Request(game, KING, 0, past=[(KING, "bet")])
    assert game._asked == []
    assert request.text == request.text
    assert request.legal == request.legal
    assert game._asked == ["view", "legal"]


def test_a_hidden_state_is_refused_and_an_open_one_given() -> None:
    with pytest.raises(HiddenState, match=r"kuhn_poker hides information.*use request.text, request.tensor\(\)"):
        Request(KUHN, KING, 0).state()
    open_game = TicTacToe()
    start = open_game.start()
    assert Request(open_game, start, 0).state() == start


def test_resampling_draws_what_is_hidden_from_the_view_alone() -> None:
    drawn = [
        Request(KUHN, State(("K", other), ("pass", "bet")), 0).resample(np.random.default_rng(seed))
        for seed in range(40)
        for other in ("J", "Q")
    ]
    assert drawn[::2] == drawn[1::2]  # whatever the true card is
    assert {KUHN.view(s, 0) for s in drawn} == {"your card: K; so far: pass, bet"}
    assert {s.cards[1] for s in drawn} == {"J", "Q"}
    assert Request(TicTacToe(), TicTacToe().start(), 0).resample(np.random.default_rng(0)) == TicTacToe().start()


def test_the_past_is_seen_through_the_seats_own_eyes() -> None:
    request = Request(KUHN, State(("K", "J"), ("pass", "bet")), 0, past=[(KING, "pass")])
    assert request.past == (("your card: K; so far: nothing", "pass"),)


def test_the_past_stays_as_it_was_when_the_question_was_asked() -> None:
    """The referee keeps one list per seat and goes on appending to it."""
    history: list[tuple[State, str]] = [(KING, "pass")]
    request = Request(KUHN, KING, 0, past=history)
    history.append((AFTER_BET, "bet"))
    assert len(request.past) == 1


def test_a_question_can_be_asked_again_with_other_randomness() -> None:
    past = [(KING, "pass")]
    legal = ("bet",)
    request = Request(KUHN, AFTER_BET, 1, seed=5, match="m1", complaint="no such move", past=past, legal=legal)
    past.append((KING, "bet"))
    again = request.reseeded(6)
    assert (request.seed, again.seed) == (5, 6)
    for name in ("seat", "match", "complaint", "text", "legal", "past"):
        assert getattr(again, name) == getattr(request, name)


def test_a_request_survives_pickling() -> None:
    request = Request(KUHN, KING, 0, seed=3, match="m", past=[(KING, "pass")])
    assert request.text
    copy = pickle.loads(pickle.dumps(request))
    assert (copy.text, copy.seed, copy.past, copy.legal) == (request.text, 3, request.past, request.legal)


def test_a_move_is_an_action_by_default_and_its_trace_cannot_be_filled_by_accident() -> None:
    move = Move("bet")
    assert (move.raw, dict(move.trace), move.fault) == ("", {}, None)
    with pytest.raises(TypeError):
        move.trace["logp"] = np.zeros(1)  # type: ignore[index]


def test_faults_read_as_text() -> None:
    wanted = ["unparsable", "empty", "truncated", "timeout", "resign", "crashed", "unavailable"]
    assert [str(fault) for fault in Fault] == wanted


# Batches.


def test_a_batch_is_a_sequence() -> None:
    requests = batch(5)
    assert len(requests) == 5
    assert [request.seed for request in requests] == [requests[i].seed for i in range(5)]
    assert isinstance(requests[1:3], Requests)
    assert [request.seed for request in requests[1:3]] == [requests[1].seed, requests[2].seed]
    assert requests.game is KUHN


def test_tensors_are_stacked_once() -> None:
    game = Spy()
    requests = Requests([Request(game, KING, 0), Request(game, AFTER_BET, 1)])
    assert requests.tensor().shape == (2, 7)
    assert requests.tensor() is requests.tensor()
    assert requests.mask() is requests.mask()
    assert game._asked.count("encode") == 2
    assert game._asked.count("legal") == 2


def test_the_mask_follows_the_vocabulary() -> None:
    game = TicTacToe()
    states = [s for s, _ in decision_states(game, 10_000)][:200]
    requests = Requests(Request(game, s, game.turn(s)) for s in states)
    for row, request in zip(requests.mask(), requests, strict=True):
        assert [game.actions[i] for i in np.flatnonzero(row)] == sorted(request.legal, key=game.actions.index)


def listing(legal: object, actions: tuple[str, ...] = ("pass", "bet")) -> Game[Any]:
    class Odd(KuhnPoker):
        name = "odd"

        def legal(self, s: State, seat: int) -> Any:
            return legal

    Odd.actions = actions
    return Odd()


def test_where_moves_may_be_talked_about_the_mask_holds_the_moves() -> None:
    assert Requests([Request(listing(Text(100, ("bet",))), KING, 0)]).mask().tolist() == [[False, True]]


@pytest.mark.parametrize(
    ("game", "error", "message"),
    [
        (listing(Text()), PlayerError, "odd has free text moves"),
        (listing(Choices(9), actions=()), PlayerError, "odd has no closed vocabulary"),
        (listing(("pass", "raise")), GameError, "odd allows 'raise', which is not among its actions"),
    ],
)
def test_without_a_closed_vocabulary_there_is_no_mask(game: Game[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Requests([Request(game, KING, 0)]).mask()


# Drawing.


LAW = np.array([0.0, 0.05, 0.0, 0.6, 0.35, 0.0])


def test_a_batch_is_drawn_by_the_law() -> None:
    drawn = batch(20_000).sample(np.tile(LAW, (20_000, 1)))
    assert drawn.dtype == np.int64
    assert chi_square(drawn, LAW) < 13.8  # one in a thousand exceeds it with 2 degrees of freedom


def test_a_request_is_drawn_by_the_law_whatever_the_scale() -> None:
    drawn = np.array([request.sample(7 * LAW) for request in batch(20_000)])
    assert chi_square(drawn, LAW) < 13.8


def test_one_request_draws_as_its_row_of_the_batch() -> None:
    requests = batch(500)
    policy = np.random.default_rng(0).dirichlet(np.full(6, 0.3), 500)
    assert requests.sample(policy).tolist() == [r.sample(p) for r, p in zip(requests, policy, strict=True)]


def test_a_draw_depends_on_the_seed_and_not_on_the_company() -> None:
    requests = batch(100)
    policy = np.random.default_rng(0).dirichlet(np.ones(4), 100)
    assert requests.sample(policy)[40:60].tolist() == requests[40:60].sample(policy[40:60]).tolist()


@given(
    arrays(np.float64, (8, 5), elements=st.sampled_from([0.0, 5e-324, 1e-300, 1e-17, 0.1, 1 / 3, 1.0, 1e300])),
    st.lists(st.sampled_from([0, 1, 3558559446808474027, 2**63, 2**64 - 1]), min_size=8, max_size=8),
)
def test_nothing_impossible_is_ever_drawn(weights: np.ndarray, seeds: list[int]) -> None:
    """Down to subnormal weights, and with 3558559446808474027, whose draw is the greatest below 1."""
    weights[:, 2] += weights.sum(axis=1) == 0
    requests = Requests(Request(KUHN, KING, 0, seed=seed) for seed in seeds)
    drawn = requests.sample(weights)
    assert (weights[np.arange(8), drawn] > 0).all()
    assert all(row[request.sample(row)] > 0 for request, row in zip(requests, weights, strict=True))


def test_a_draw_that_rounds_up_to_the_total_stays_possible() -> None:
    """The least subnormal number times 1 − 2⁻⁵³ rounds back to itself."""
    request = Request(KUHN, KING, 0, seed=3558559446808474027)
    assert request.sample(np.array([0.0, 5e-324, 0.0, 0.0])) == 1


def test_single_precision_rows_that_miss_one_are_drawn_in_full() -> None:
    """Float32 probabilities sum to 1 only nearly; the remainder is nobody's."""
    policy = np.full((1, 3), 1 / 3, np.float32) * np.float32(0.999)
    request = Requests([Request(KUHN, KING, 0, seed=3558559446808474027)])
    assert request.sample(policy).tolist() == [2]


@pytest.mark.parametrize("row", [[0.0, 0.0], [np.nan, 1.0], [1.0, np.nan], [np.inf, 1.0]])
def test_a_broken_policy_is_an_error_and_not_a_move(row: list[float]) -> None:
    """A net that has diverged must not go on playing its first action."""
    with pytest.raises(PlayerError, match="weights must be finite and not all 0"):
        batch(2).sample(np.array([[0.5, 0.5], row]))
    with pytest.raises(PlayerError, match="weights must be finite and not all 0"):
        batch(1)[0].sample(np.array(row))


# Protocols.


def test_a_player_needs_a_name_and_act() -> None:
    class Plain:
        name = "plain"

        def act(self, batch: Requests) -> list[Move]:
            return [Move("pass")] * len(batch)

    class Stating(Plain):
        def policy(self, batch: Requests) -> np.ndarray:
            return np.full((len(batch), 2), 0.5)

    assert isinstance(Plain(), Player)
    assert not isinstance(Plain(), HasPolicy)
    assert isinstance(Stating(), HasPolicy)
    assert not isinstance(Stating(), Trainable)
    assert not isinstance(object(), Player)
