"""Training batches: the tables and the referee give a learner the same thing to eat."""

import numpy as np
import pytest

from arena.errors import PlayerError
from arena.games.kuhn_poker import KuhnPoker
from arena.games.leduc_poker import LeducPoker
from arena.match import Fixture, Patience, play_fixtures
from arena.player import Fault, Move
from arena.players.net import Net
from arena.players.script import Script
from arena.players.uniform import UniformPlayer
from arena.record import StopReason
from arena.rollout import Collector, from_tables, role_index
from arena.tree import enumerate_game, expected_returns, rollout

KUHN = KuhnPoker()
TREE = enumerate_game(KUHN)
NET = Net(KUHN, hidden=[8], seed=1, temperature=0.2, device="cpu")
"""At a fifth of the temperature a fresh net is far enough from uniform to notice."""
BOTH = ("first", "second")


def by_referee(n=300, entrants=("net", "net"), roles=BOTH, players=None, **options):
    """Return the net's batch of n matches, and their records in schedule order."""
    fixtures = [Fixture(f"match {i:05d}", "train", entrants, i, "") for i in range(n)]
    listener = Collector(KUHN, "net")
    players = {"net": NET, "uniform": UniformPlayer(), **(players or {})}
    records = sorted(play_fixtures(KUHN, fixtures, players, watch=listener.watch, **options), key=lambda r: r.key)
    return listener.batch(records, "shared", 3, roles), records


def by_tables(n=300, seating=(0, 0), seats=(0, 1)):
    """Return the net's batch of n games: it is policy 0, and uniform play is policy 1."""
    policies = np.stack([TREE.policy(NET), TREE.uniform])
    played = rollout(TREE, policies, np.tile(seating, (n, 1)), np.random.default_rng(0))
    return from_tables(TREE, played, (played.policy == 0) & np.isin(played.seat, seats), "shared", 3)


def questions(batch):
    """Return per decision (N,) the information set of the tree that it was made at, found by its tensor."""
    index = {
        (int(seat), row.tobytes()): i
        for i, (seat, row) in enumerate(zip(TREE.seat, TREE.requests.tensor(), strict=True))
    }
    seen = batch.observation[batch.information_set]
    return np.array([index[int(seat), row.tobytes()] for seat, row in zip(batch.seat, seen, strict=True)])


LARGE = {"tables": by_tables(20_000), "referee": by_referee(3000)[0]}
either = pytest.mark.parametrize("source", sorted(LARGE))


# The same law.


@either
def test_payoffs_have_the_mean_of_the_exact_value(source):
    batch = LARGE[source]
    exact = expected_returns(TREE, TREE.policy(NET))
    for seat in (0, 1):
        opening = batch.payoff[(batch.seat == seat) & (batch.turn == seat)]
        assert opening.mean() == pytest.approx(exact[seat], abs=3.5 * opening.std() / len(opening) ** 0.5)


@either
def test_actions_have_the_frequencies_of_the_policy(source):
    batch, policy = LARGE[source], TREE.policy(NET)
    asked = questions(batch)
    statistic = 0.0
    for i in range(12):
        taken = np.bincount(batch.action[asked == i], minlength=2)
        expected = taken.sum() * policy[i]
        statistic += ((taken - expected) ** 2 / expected).sum()
    assert statistic < 32.9  # one in a thousand exceeds it with 12 degrees of freedom


@either
def test_the_behaviour_is_the_policy_that_acted(source):
    batch = LARGE[source]
    exact = np.log(TREE.policy(NET))[questions(batch), batch.action]
    assert batch.behaviour_logp == pytest.approx(exact, abs=1e-5)
    assert batch.behaviour_logp.dtype == np.float32


def test_both_visit_every_information_set_as_often():
    """Two samples of one law: chi-square with 11 degrees of freedom, exceeded once in a thousand at 31.3."""
    counts = np.array([np.bincount(questions(batch), minlength=12) for batch in LARGE.values()])
    expected = counts.sum(axis=0) * counts.sum(axis=1, keepdims=True) / counts.sum()
    assert ((counts - expected) ** 2 / expected).sum() < 31.3


def few(table):
    """Return the counts (2, C) of two samples with the categories pooled that are too rare for chi-square."""
    rare = table.sum(axis=0) < 20
    return np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]) if rare.any() else table


def same_law(one, other):
    """Assert that two samples of categories are of one law, by chi-square at one in a thousand."""
    names, codes = np.unique(np.concatenate([one, other]), return_inverse=True)
    table = few(np.array([np.bincount(c, minlength=len(names)) for c in np.split(codes, [len(one)])]))
    expected = table.sum(axis=0) * table.sum(axis=1, keepdims=True) / table.sum()
    k = table.shape[1] - 1
    limit = k * (1 - 2 / (9 * k) + 3.09 * (2 / (9 * k)) ** 0.5) ** 3  # Wilson and Hilferty, 1931
    assert ((table - expected) ** 2 / expected).sum() < limit


def seen(batch, tree, rows):
    """Return what decided at the rows, as text: seat, observation, action, and the payoff of the match."""
    index = {
        (int(seat), row.tobytes()): i
        for i, (seat, row) in enumerate(zip(tree.seat, tree.requests.tensor(), strict=True))
    }
    observations = batch.observation[batch.information_set]
    return [f"{index[int(batch.seat[n]), observations[n].tobytes()]} {batch.action[n]} {batch.payoff[n]}" for n in rows]


@pytest.mark.parametrize("kind", ["net", "table"])
@pytest.mark.parametrize("game", [KUHN, LeducPoker()], ids=lambda game: game.name)
def test_the_referee_and_the_tables_make_batches_of_one_law(game, kind):
    """Per match and seat: its first and its last decision, each with the payoff, are categories of one law."""
    tree = enumerate_game(game)
    net = Net(game, hidden=[8], seed=1, temperature=0.05, device="cpu")
    player, n = {"net": net, "table": RandomTable(tree)}[kind], 1500
    fixtures = [Fixture(f"match {i:05d}", "train", (kind, kind), i, "") for i in range(n)]
    listener = Collector(game, kind)
    records = sorted(play_fixtures(game, fixtures, {kind: player}, watch=listener.watch), key=lambda r: r.key)
    played = rollout(tree, tree.policy(player)[None], np.zeros((20_000, 2), np.int64), np.random.default_rng(0))
    tables = from_tables(tree, played, slice(None), "shared", 3)
    referee = listener.batch(records, "shared", 3, BOTH)
    for seat in (0, 1):
        for which in (lambda rows: rows[0], lambda rows: rows[-1]):
            same_law(*(seen(batch, tree, one_row_a_match(batch, seat, which)) for batch in (referee, tables)))


def one_row_a_match(batch, seat, which):
    rows = np.flatnonzero(batch.seat == seat)
    return [which(group) for group in np.split(rows, np.flatnonzero(np.diff(batch.match[rows])) + 1)]


class RandomTable:
    """Plays a random policy, a row per information set."""

    name = "table"

    def __init__(self, tree):
        weights = np.random.default_rng(3).random(tree.mask.shape) ** 3 * tree.mask
        rows = weights / weights.sum(axis=1, keepdims=True)
        self.rows = {(int(s), v): row for s, v, row in zip(tree.seat, tree.views, rows, strict=True)}

    def policy(self, batch):
        return np.array([self.rows[request.seat, request.text] for request in batch])

    def act(self, batch):
        policy = self.policy(batch)
        chosen = batch.sample(policy)
        return [
            Move(batch.game.actions[a], trace={"logp": np.log(row[a])}) for a, row in zip(chosen, policy, strict=True)
        ]


@either
def test_masks_and_labels(source):
    batch = LARGE[source]
    assert (batch.game, batch.policy_id, batch.version) == ("kuhn_poker", "shared", 3)
    assert batch.mask[batch.information_set, batch.action].all()
    assert batch.seat.tolist() == batch.side.tolist() == batch.role.tolist() == (batch.turn % 2).tolist()


def test_tables_keep_every_observation_once():
    batch = LARGE["tables"]
    assert len(np.unique(batch.observation, axis=0)) == len(batch.observation) == 12


# Order.


@either
def test_decisions_are_ordered_by_match_and_turn(source):
    batch = LARGE[source]
    places = np.stack([batch.match, batch.turn], axis=1)
    assert places.tolist() == sorted(places.tolist())
    assert len(np.unique(places, axis=0)) == len(places)
    assert set(batch.match) == set(range(batch.match.max() + 1))


def test_the_referees_rows_are_the_moves_of_the_records():
    batch, records = by_referee(50)
    told = [
        (number, seat, turn.action)
        for number, record in enumerate(records)
        for seat, turn in ((turn.seat, turn) for turn in record.turns if turn.seat >= 0)
    ]
    rows = zip(batch.match.tolist(), batch.seat.tolist(), (KUHN.actions[a] for a in batch.action), strict=True)
    assert list(rows) == told
    assert batch.payoff.tolist() == [records[m].returns[s] for m, s, _ in told]


# Who and where.


@pytest.mark.parametrize("seat", [0, 1])
def test_against_another_only_the_learners_decisions_count(seat):
    entrants = ("net", "uniform") if seat == 0 else ("uniform", "net")
    for batch in (by_referee(entrants=entrants)[0], by_tables(seating=(seat, 1 - seat))):
        assert set(batch.seat) == {seat}
        assert set(batch.turn) == ({0, 2} if seat == 0 else {1})


@pytest.mark.parametrize("seat", [0, 1])
def test_a_batch_for_one_role_is_that_part_of_the_batch_for_both(seat):
    for part, whole in (
        (by_referee(roles=BOTH[seat : seat + 1])[0], by_referee()[0]),
        (by_tables(seats=[seat]), by_tables()),
    ):
        mine = whole.where(whole.role == seat)
        for column in ("action", "behaviour_logp", "payoff", "seat", "match", "turn"):
            assert getattr(part, column).tolist() == getattr(mine, column).tolist()
        seen = part.observation[part.information_set], mine.observation[mine.information_set]
        assert (seen[0] == seen[1]).all()


def test_seats_of_one_role_share_its_number():
    class Teams(KuhnPoker):
        roles = ("solver", "judge", "solver")

    assert role_index(Teams()).tolist() == [0, 1, 0]


# Matches that fail.


class Flaky(Net):
    """A net whose service fails the first times that it is asked its second question in some matches."""

    def __init__(self, matches, times):
        super().__init__(KUHN, hidden=[8], seed=1, device="cpu")
        self.left = dict.fromkeys(matches, times)

    def act(self, batch):
        moves = super().act(batch)
        for i, request in enumerate(batch):
            if request.past and self.left.get(request.match, 0):
                self.left[request.match] -= 1
                moves[i] = Move(None, fault=Fault.UNAVAILABLE)
        return moves


def test_what_was_played_before_a_void_is_not_learned_from():
    batch, records = by_referee(100, players={"net": Flaky([f"match {i:05d}" for i in range(100)], 1)})
    assert sum(len(record.outages) for record in records) > 10
    assert {record.stop for record in records} == {StopReason.FINISHED}
    assert len(batch) == sum(turn.seat >= 0 for record in records for turn in record.turns)
    assert batch.turn.max() == 2


def test_void_matches_leave_no_rows():
    batch, records = by_referee(
        100, players={"net": Flaky([f"match {i:05d}" for i in range(100)], 1)}, patience=Patience(attempts=1)
    )
    gone = {i for i, record in enumerate(records) if record.stop is StopReason.VOID}
    assert gone
    assert set(batch.match) == set(range(100)) - gone


def test_no_decision_is_an_empty_batch():
    batch = by_referee(5, entrants=("uniform", "uniform"))[0]
    assert len(batch) == 0
    assert batch.mask.shape == (0, 2)


def test_a_player_that_leaves_no_log_probability_cannot_be_trained():
    with pytest.raises(PlayerError, match="net leaves no log-probability in its moves, so it cannot be trained"):
        by_referee(1, players={"net": Script("bet")})
