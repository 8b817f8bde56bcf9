"""Role baselines against their definition, and on Kuhn poker, whose roles are worth ∓1/18."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.batch import DecisionBatch, TokenBatch, together
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.players.tabular import Tabular
from arena.trainers.advantage import Key, RoleBaselines, among_others
from arena.tree import enumerate_game, rollout

FIRST, SECOND = Key("game", 0, 0), Key("game", 1, 1)


def batch(*decisions, game="game"):
    """Return a batch of (match, seat, side, role, payoff) rows."""
    match, seat, side, role, payoff = (np.array(column) for column in zip(*decisions, strict=True))
    n = len(decisions)
    zeros = np.zeros(n, np.int64)
    return DecisionBatch(
        game=game, policy_id="policy", version=0, observation=np.zeros((1, 1), np.float32), mask=np.ones((1, 2), bool),
        information_set=zeros, action=zeros, behaviour=zeros, behaviour_logp=np.zeros(n, np.float32),
        payoff=payoff.astype(float), seat=seat, side=side, role=role, match=match, turn=np.arange(n),
    )  # fmt: skip


def by_definition(payoffs, decay):
    """Return the bias-corrected exponential mean: the weighted mean with weights decay ** age."""
    weights = [decay**age for age in range(len(payoffs))][::-1]
    return sum(w * x for w, x in zip(weights, payoffs, strict=True)) / sum(weights) if payoffs else 0.0


payoffs = st.lists(st.floats(-1, 1), max_size=30)


# Among the seats of one match.


def test_seats_of_one_role_are_compared_with_the_others_of_their_match():
    rows = [(0, 0, 0, 0, 0.5), (0, 1, 1, 1, 1.0), (0, 2, 1, 1, 0.0), (0, 3, 1, 1, 0.0), (1, 1, 1, 1, 4.0)]
    found = among_others(batch(*rows), 2.0)
    assert found == pytest.approx([np.nan, 0.5, -0.25, -0.25, np.nan], nan_ok=True)


def test_a_seat_counts_once_however_often_it_moved():
    rows = [(0, 1, 1, 1, 1.0), (0, 1, 1, 1, 1.0), (0, 2, 1, 1, 0.0), (0, 1, 1, 1, 1.0)]
    assert among_others(batch(*rows), 1.0).tolist() == [1.0, 1.0, -1.0, 1.0]
    assert len(among_others(batch(*rows).where(np.zeros(4, bool)), 1.0)) == 0


def test_their_advantages_add_up_to_nothing():
    rng = np.random.default_rng(0)
    rows = [(match, seat, 1, 1, rng.random()) for match in range(5) for seat in range(1, 9)]
    assert among_others(batch(*rows), 1.0).reshape(5, 8).sum(axis=1) == pytest.approx(np.zeros(5))


# The mean.


@given(payoffs=payoffs, decay=st.floats(0, 0.999))
def test_a_baseline_is_the_bias_corrected_exponential_mean(payoffs, decay):
    baselines = RoleBaselines(decay)
    for number, payoff in enumerate(payoffs):
        assert baselines.read(FIRST) == pytest.approx(by_definition(payoffs[:number], decay), abs=1e-9)
        baselines.update(FIRST, np.array([payoff]))


def test_before_the_first_match_it_is_zero_and_after_it_that_match():
    baselines = RoleBaselines()
    assert baselines.read(FIRST) == 0.0
    baselines.update(FIRST, np.array([0.7]))
    assert baselines.read(FIRST) == pytest.approx(0.7)


@given(payoffs=payoffs, cuts=st.lists(st.integers(0, 30), max_size=4))
def test_many_at_once_are_the_same_as_one_by_one(payoffs, cuts):
    whole, parts = RoleBaselines(), RoleBaselines()
    whole.update(FIRST, np.array(payoffs))
    for piece in np.split(np.array(payoffs), sorted(cuts)):
        parts.update(FIRST, piece)
    assert parts.read(FIRST) == pytest.approx(whole.read(FIRST), abs=1e-12)


def test_later_matches_weigh_more():
    rising, falling = RoleBaselines(), RoleBaselines()
    rising.update(FIRST, np.array([-1.0, 1.0]))
    falling.update(FIRST, np.array([1.0, -1.0]))
    assert rising.read(FIRST) == pytest.approx(0.05 / 1.95)  # (1 − .95) / (1 + .95)
    assert falling.read(FIRST) == pytest.approx(-0.05 / 1.95)


def test_a_payoff_that_is_always_the_same_leaves_no_advantage():
    baselines = RoleBaselines()
    one = batch((0, 0, 0, 0, 3.0))
    advantages = [baselines.advantages(one, scale=4.0)[0] for _ in range(5)]
    assert advantages == pytest.approx([0.75, 0, 0, 0, 0], abs=1e-12)


# Batches.


def test_a_baseline_is_read_once_for_a_batch_and_then_updated_in_match_order():
    baselines = RoleBaselines()
    baselines.update(FIRST, np.array([0.5]))
    # Match 8 stands before match 7, as it may after masking and joining.
    advantage = baselines.advantages(batch((8, 0, 0, 0, 4.0), (7, 0, 0, 0, -2.0)), scale=4.0)
    assert advantage == pytest.approx([1.0 - 0.5, -0.5 - 0.5])
    assert baselines.read(FIRST) == pytest.approx(by_definition([0.5, -0.5, 1.0], 0.95))


def test_a_seat_counts_once_a_match_however_often_it_moved():
    often, once = RoleBaselines(), RoleBaselines()
    often.advantages(batch((0, 0, 0, 0, 1.0), (0, 0, 0, 0, 1.0), (0, 0, 0, 0, 1.0), (1, 0, 0, 0, -1.0)), scale=1.0)
    once.update(FIRST, np.array([1.0, -1.0]))
    assert often.state() == once.state()


def test_eight_seats_of_one_side_share_one_baseline():
    team = batch(*((0, seat, 0, 0, 1.0) for seat in range(8)), (0, 8, 1, 1, -1.0))
    baselines = RoleBaselines()
    baselines.advantages(team, scale=1.0)
    assert [(entry["side"], entry["role"], entry["count"]) for entry in baselines.state()] == [(0, 0, 8), (1, 1, 1)]


def test_games_sides_roles_and_opponents_are_kept_apart():
    keys = [Key("one", 0, 0), Key("two", 0, 0), Key("one", 1, 0), Key("one", 0, 1), Key("one", 0, 0, "weak")]
    baselines = RoleBaselines()
    for payoff, key in enumerate(keys):
        baselines.advantages(batch((0, 0, key.side, key.role, payoff), game=key.game), 1.0, key.opponent)
    assert [baselines.read(key) for key in keys] == pytest.approx([0, 1, 2, 3, 4])


@given(
    rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(-3, 3)), min_size=1, max_size=40),
    before=payoffs,
)
def test_a_batch_agrees_with_a_loop_over_its_matches(rows, before):
    """Four seats: two on each side, with a role per seat of a side. A seat has one payoff in a match."""
    paid = {}
    decisions = [(m, seat, seat // 2, seat % 2, paid.setdefault((m, seat), float(won))) for m, seat, won in rows]
    baselines = RoleBaselines(0.8)
    history = {(side, role): list(before) for side in (0, 1) for role in (0, 1)}
    for (side, role), values in history.items():
        baselines.update(Key("game", side, role), np.array(values))
    read = {key: by_definition(values, 0.8) for key, values in history.items()}
    advantage = baselines.advantages(batch(*decisions), scale=3.0)
    assert advantage == pytest.approx([won / 3 - read[side, role] for _, _, side, role, won in decisions], abs=1e-9)
    for (_, seat), won in sorted(paid.items()):
        history[seat // 2, seat % 2].append(won / 3)
    for (side, role), values in history.items():
        assert baselines.read(Key("game", side, role)) == pytest.approx(by_definition(values, 0.8), abs=1e-9)


# Kuhn poker.


def test_baselines_of_kuhn_poker_find_what_the_seats_are_worth():
    """One match a batch at equilibrium: the mean of 100,000 reads lies within .015 of ∓1/18 chips."""
    game, matches = KuhnPoker(), 100_000
    tree = enumerate_game(game)
    policy = tree.policy(Tabular(game, equilibrium()))
    returns = rollout(tree, policy[None], np.zeros((matches, 2), np.int64), np.random.default_rng(0)).returns
    baselines, total = RoleBaselines(), np.zeros(2)
    for payoff in returns / game.scale:
        total += [baselines.read(FIRST), baselines.read(SECOND)]
        baselines.update(FIRST, payoff[:1])
        baselines.update(SECOND, payoff[1:])
    assert total * game.scale / matches == pytest.approx([-1 / 18, 1 / 18], abs=0.015)


# Memory.


def test_saved_and_restored_it_goes_on_bit_for_bit():
    rng = np.random.default_rng(0)
    straight, stopped = RoleBaselines(), RoleBaselines()
    for number in range(20):
        rows = [(m, seat, seat, seat, rng.normal()) for m in range(7) for seat in (0, 1)]
        one = straight.advantages(batch(*rows), scale=2.0)
        again = stopped.advantages(batch(*rows), scale=2.0)
        assert one.tolist() == again.tolist()
        if number == 9:
            saved = json.dumps(stopped.state())
            stopped = RoleBaselines()
            stopped.update(FIRST, np.array([9.0]))  # what was there before is forgotten
            stopped.restore(json.loads(saved))
    assert straight.state() == stopped.state()


def test_in_a_batch_of_several_games_each_game_has_its_own_baselines():
    """As if each game had been learned from alone, in its own units."""
    rng = np.random.default_rng(4)

    def turns(game, scale):
        zeros = np.zeros(12, np.int64)
        return TokenBatch(
            game=game, policy_id="", version=0, ids=zeros, offsets=np.arange(13), loss_mask=np.ones(12, bool),
            behaviour_logp=np.zeros(12, np.float32), payoff=scale * rng.uniform(-1, 1, 12), legal=np.ones(12, bool),
            cut=np.zeros(12, bool), seat=np.arange(12) % 2, side=np.arange(12) % 2, role=np.arange(12) % 2,
            match=np.arange(12) // 2, turn=zeros,
        )  # fmt: skip

    scales = {"a": 2.0, "b": 7.0}
    several, alone = RoleBaselines(), RoleBaselines()
    for _ in range(3):
        batches = {game: turns(game, scale) for game, scale in scales.items()}
        both = several.advantages(together(batches, scales), 1.0)
        each = [alone.advantages(batch, scales[game]) for game, batch in batches.items()]
        assert both == pytest.approx(np.concatenate(each))
    assert [(entry["game"], entry["count"]) for entry in several.state()] == [
        ("a", 18),
        ("a", 18),
        ("b", 18),
        ("b", 18),
    ]
