import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from arena.errors import RatingError
from arena.games.kuhn_poker import KuhnPoker, equilibrium
from arena.games.tic_tac_toe import TicTacToe
from arena.rating import Standing, history, rate
from arena.record import Result
from arena.seeds import uniform

CHESS = TicTacToe()  # any game scored by outcome
POKER = KuhnPoker()  # any game scored by payoff


def pair(a, b, there, back, name, step=0):
    """Return a pair in which `a` earns `there` on the first side and `back` on the second."""
    return [
        Result(a, b, "first", "second", float(there), f"{a}|{b}|{step}|{name}", step),
        Result(b, a, "first", "second", float(-back), f"{a}|{b}|{step}|{name}", step),
    ]


def one_role(attacker, defender, payoff, name):
    return Result(attacker, defender, "attack", "defend", float(payoff), f"{attacker}|{defender}|{name}")


def random_results(seed, names="abcd", pairs=8, strengths=None):
    """Return a round robin with wins, draws and losses of everybody, in pairs."""
    rng = np.random.default_rng(seed)
    s = dict(zip(names, rng.normal(0, 0.5, len(names)) if strengths is None else strengths, strict=True))
    results = []
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            edge = s[a] - s[b]
            for k in range(pairs):
                there, back = np.sign(np.round(edge + rng.normal([0.3, -0.3], 1.0)))
                results += pair(a, b, there, back, f"{k:06d}")
    return results


def numbers(ladder):
    """Return every number on the ladder, by name."""
    values = {row.name: (row.elo, row.low, row.high, *row.mean_payoff, *row.by_role.values()) for row in ladder.rows}
    return {name: np.hstack(value) for name, value in values.items()}


# What a ladder says


def test_rows_count_matches_and_stand_by_elo():
    results = pair("a", "b", 1, 1, "1") + pair("a", "b", 1, -1, "2") + pair("a", "b", 0, 1, "3")
    ladder = rate(results, CHESS)
    top = ladder.rows[0]
    assert (top.name, top.matches, top.wins, top.draws, top.losses) == ("a", 6, 4, 1, 1)
    assert top.mean_payoff.value == 0.5
    assert ladder["b"].mean_payoff.value == -0.5
    assert ladder.rows[1].elo < top.elo
    assert set(top.by_role) == {"first", "second"}
    assert ladder.payoffs.mean[0, 1] == 0.5


def test_the_anchor_stands_at_1000_with_no_interval():
    ladder = rate(random_results(0), CHESS, anchor="c")
    assert (ladder["c"].elo, ladder["c"].low, ladder["c"].high) == (1000, 1000, 1000)
    assert ladder.anchors == {"": "c"}
    other = rate(random_results(0), CHESS, anchor="a")
    assert other.compare("b", "d") == pytest.approx(ladder.compare("b", "d"), abs=1e-6)


def test_without_a_name_the_anchor_is_the_first_who_was_there():
    results = pair("b", "c", 1, -1, "1", step=5) + pair("a", "b", 1, -1, "1", step=9)
    assert rate(results, CHESS).anchors == {"": "b"}


def test_one_ladder_has_one_anchor_which_has_played():
    with pytest.raises(RatingError, match="one ladder"):
        rate(random_results(0), CHESS, anchor=["a", "b"])
    with pytest.raises(RatingError, match="'z' has no results"):
        rate(random_results(0), CHESS, anchor="z")


def test_comparisons_are_antisymmetric():
    ladder = rate(random_results(1), CHESS)
    value, low, high = ladder.compare("a", "d")
    assert ladder.compare("d", "a") == pytest.approx((-value, -high, -low))
    assert ladder.compare("a", "a") == (0, 0, 0)
    assert value == pytest.approx(ladder["a"].elo - ladder["d"].elo)


def test_the_interval_is_that_of_the_difference_to_the_anchor():
    ladder = rate(random_results(1), CHESS, anchor="b")
    assert ladder.compare("d", "b")[1:] == pytest.approx((ladder["d"].low - 1000, ladder["d"].high - 1000))


def test_a_stranger_is_named():
    with pytest.raises(RatingError, match="'z' is not on this ladder"):
        rate(random_results(0), CHESS).compare("a", "z")


def test_a_draw_counts_half():
    drawn = [r for k in range(60) for r in pair("a", "b", 0, 0, str(k))]
    split = [r for k in range(60) for r in pair("a", "b", (-1) ** k, (-1) ** k, str(k))]
    for results in (drawn, split, drawn + [r._replace(pair=r.pair + "x") for r in split]):
        assert rate(results, CHESS).compare("a", "b").value == pytest.approx(0, abs=1e-6)


# Sparse and one-sided results


def test_an_undefeated_entrant_is_finite_provisional_and_wide():
    results = [r for k in range(30) for r in pair("best", "a", 1, 1, str(k))] + random_results(2)
    row = rate(results, CHESS, anchor="a").rows[0]
    assert row.name == "best"
    assert row.standing is Standing.PROVISIONAL
    assert "won matches put it above a, but none was given away" in row.note
    assert 500 < row.elo - 1000 < 2000
    assert row.high - row.low > 400


@pytest.mark.parametrize("pairs", [1, 2, 10, 100])
def test_pairs_that_all_split_are_not_certainty(pairs):
    results = [r for k in range(pairs) for r in pair("a", "b", 1, -1, str(k))]
    difference = rate(results, CHESS).compare("a", "b")
    assert difference.value == pytest.approx(0, abs=1e-6)
    assert difference.high > 30
    assert np.isfinite(difference.high)


def test_one_match_is_enough_for_a_ladder():
    assert all(row.elo is not None for row in rate(pair("a", "b", 1, 1, "1"), CHESS).rows)


# What is refused


def test_pools_that_never_met_are_refused_by_name():
    results = random_results(0, "ab") + random_results(0, "cd")
    with pytest.raises(RatingError, match=r"2 groups never met.*a, b \| c, d"):
        rate(results, CHESS)


def test_self_matches_do_not_count_and_do_not_suffice():
    results = random_results(0)
    assert rate(results + pair("a", "a", 1, 1, "x"), CHESS)["a"] == rate(results, CHESS)["a"]
    with pytest.raises(RatingError, match="against themselves"):
        rate(pair("a", "a", 1, 1, "x"), CHESS)


def test_who_crashes_too_often_is_listed_and_unrated():
    results = random_results(0)
    ladder = rate(results, CHESS, anchor="a", crashes={"d": (4, 100), "b": (3, 100)})
    assert ladder.rows[-1].name == "d"
    assert ladder["d"].standing is Standing.WITHDRAWN
    assert ladder["d"].elo is None
    assert "4 of its 100" in ladder["d"].note
    without = rate([r for r in results if "d" not in (r.first, r.second)], CHESS, anchor="a")
    assert ladder["b"] == without["b"]
    with pytest.raises(RatingError, match="no Elo"):
        ladder.compare("a", "d")
    with pytest.raises(RatingError, match="no results are left"):
        rate(random_results(0, "ad"), CHESS, crashes={"d": (4, 100)})


# Roles that nobody changes


def attackers_and_defenders():
    rng = np.random.default_rng(3)
    return [
        one_role(a, d, 1 if rng.random() < p else -1, k)
        for a, p in (("strong", 0.8), ("weak", 0.4))
        for d in ("gate", "wall")
        for k in range(40)
    ]


def test_every_role_has_its_ladder_and_its_anchor():
    ladder = rate(attackers_and_defenders(), CHESS, anchor=["weak", "wall"])
    assert ladder.anchors == {"attack": "weak", "defend": "wall"}
    assert ladder["weak"].elo == ladder["wall"].elo == 1000
    assert ladder["strong"].low > 1000
    assert [row.role for row in ladder.rows] == ["attack", "attack", "defend", "defend"]
    assert ladder["strong"].by_role["attack"].value == ladder["strong"].elo
    # 40% of its games against the wall: log-odds of about −.4.
    assert ladder.advantage["attack", "defend"].value == pytest.approx(-70, abs=60)


def test_roles_cannot_be_compared():
    ladder = rate(attackers_and_defenders(), CHESS)
    assert ladder.compare("strong", "weak").low > 0
    with pytest.raises(RatingError, match="strong only plays attack and wall only plays defend"):
        ladder.compare("strong", "wall")


def test_who_keeps_to_one_role_among_others_is_provisional():
    results = random_results(0) + [Result("x", "a", "first", "second", (-1.0) ** k, f"x{k}") for k in range(40)]
    row = rate(results, CHESS)["x"]
    assert row.standing is Standing.PROVISIONAL
    assert "only played first" in row.note
    assert list(row.by_role) == ["first"]
    assert row.by_role["first"].high - row.by_role["first"].low < row.high - row.low


def test_roles_have_ladders_in_games_scored_by_payoff_too():
    ladder = rate(attackers_and_defenders(), POKER, block_pairs=4)
    assert set(ladder.anchors) == {"attack", "defend"}
    assert ladder["strong"].blocks == 20
    assert ladder["strong"].mean_payoff.value > ladder["weak"].mean_payoff.value
    assert ladder.advantage["attack", "defend"].value == pytest.approx(0.2, abs=0.2)


# The same whatever the order


@pytest.mark.parametrize(("game", "block_pairs"), [(CHESS, 50), (POKER, 2)])
def test_the_order_of_results_does_not_matter(game, block_pairs):
    results = random_results(4)
    shuffled = [results[i] for i in np.random.default_rng(0).permutation(len(results))]
    one, other = (numbers(rate(r, game, block_pairs=block_pairs)) for r in (results, shuffled))
    for name in "abcd":
        assert one[name] == pytest.approx(other[name], abs=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1), st.sampled_from([CHESS, POKER]))
def test_swapping_all_results_mirrors_the_ladder(seed, game):
    results = random_results(seed)
    one = rate(results, game, "a", block_pairs=2)
    other = rate([r._replace(payoff=-r.payoff) for r in results], game, "a", block_pairs=2)
    for name in "abcd":
        assert one[name].elo - 1000 == pytest.approx(1000 - other[name].elo, abs=1e-5)
        assert one[name].high - 1000 == pytest.approx(1000 - other[name].low, abs=1e-5)
    assert one.advantage["first", "second"].value == pytest.approx(-other.advantage["first", "second"].value, abs=1e-5)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_more_of_the_same_keeps_the_numbers_and_narrows_the_intervals(seed):
    results = random_results(seed, "abc", pairs=15)
    one = rate(results, CHESS, "a")
    assume(all(row.standing is Standing.RATED for row in one.rows))
    again = [r._replace(pair=f"{r.pair}#{copy}") for r in results for copy in range(4)]
    four = rate(again, CHESS, "a")
    for a, b in ("ab", "ac", "bc"):
        before, after = one.compare(a, b), four.compare(a, b)
        assert after.value == pytest.approx(before.value, rel=0.15, abs=15)  # the priors' pull
        assert after.high - after.low < 0.65 * (before.high - before.low)
        assert four.payoffs.mean == pytest.approx(one.payoffs.mean)


# Coverage: of 95% intervals, 95% hold the truth


def test_intervals_of_elo_cover_their_truth():
    # Four players, ten pairs each two, seat advantage, draws, and an opening per pair that favours one seat by
    # ±170 Elo. Openings make single games more even, so the truth is the fit to exact frequencies.
    theta, rho, gamma, nu = np.array([-0.6, -0.1, 0.2, 0.5]), np.array([0.1, -0.2, 0.05, 0.05]), 0.46, 0.5
    names, pairs, runs = "abcd", 10, 2000
    a, b = np.triu_indices(4, 1)

    def law(first, second, opening):
        z = theta[first] - theta[second] + rho[first] + rho[second] + gamma + opening
        total = np.exp(z / 2) + np.exp(-z / 2) + nu
        return np.exp(z / 2) / total, (np.exp(z / 2) + nu) / total

    def results_of(wins, draws, first, second, numbers):
        outcome = np.where(wins, 1.0, np.where(draws, 0.0, -1.0)).tolist()
        return [
            Result(names[i], names[j], "first", "second", y, str(k))
            for i, j, y, k in zip(first, second, outcome, numbers, strict=True)
        ]

    # The truth, from 4000 evenly spread openings: 2000 quantiles of luck in each.
    normal = np.sort(np.random.default_rng(0).normal(0, 1, 4000))
    frequencies = []
    for i, j in zip([*a, *b], [*b, *a], strict=True):
        win, no_loss = (x.mean() for x in law(i, j, normal))
        u = (np.arange(4000) + 0.5) / 4000
        frequencies += results_of(u < win, u < no_loss, [i] * 4000, [j] * 4000, [f"{i}{j}{k}" for k in range(4000)])
    truth = rate(frequencies, CHESS)

    rng = np.random.default_rng(1)
    first, second = np.repeat(a, pairs), np.repeat(b, pairs)
    hits: dict[str, list[bool]] = {"difference": [], "seat": [], "role": [], "payoff": []}
    for _ in range(runs):
        opening = rng.normal(0, 1, len(first))
        results = []
        for i, j in ((first, second), (second, first)):
            win, no_loss = law(i, j, opening)
            u = rng.random(len(i))
            results += results_of(u < win, u < no_loss, i, j, range(len(i)))
        ladder = rate(results, CHESS)
        for x, y in ("ab", "cd", "ad"):
            difference = ladder.compare(x, y)
            hits["difference"].append(difference.low <= truth.compare(x, y).value <= difference.high)
        pieces = [("seat", ladder.advantage["first", "second"], truth.advantage["first", "second"])]
        pieces += [("role", ladder[x].by_role["first"], truth[x].by_role["first"]) for x in names]
        pieces += [("payoff", ladder[x].mean_payoff, truth[x].mean_payoff) for x in names]
        for what, found, true in pieces:
            hits[what].append(found.low <= true.value <= found.high)
    cover = {what: round(float(np.mean(hit)), 4) for what, hit in hits.items()}
    # A role's strength is pulled towards 0 by its prior, whose scatter its interval includes: a little wide.
    assert all(0.93 < cover[what] < 0.97 for what in ("difference", "seat", "payoff")), cover
    assert 0.93 < cover["role"] < 0.98, cover


def test_intervals_of_block_elo_cover_their_truth():
    # A block's net payoff has a logistic distribution around the difference in strength: exactly Bradley–Terry.
    # That is the difference of two Gumbel variables, of which each of its two pairs holds one.
    names, strength, pairs, runs = "abc", np.array([0.0, 0.4, 1.0]), 48, 2000
    rng = np.random.default_rng(2)
    sign = np.tile([1, -1], pairs // 2)
    hits, payoffs = [], []
    for _ in range(runs):
        results = []
        for i, j in ((0, 1), (0, 2), (1, 2)):
            luck = sign * (rng.gumbel(size=pairs) - np.euler_gamma)
            share = ((strength[i] - strength[j]) / 2 + luck) / 2
            deal = rng.normal(0, 3, pairs)  # luck of the seat, which a pair cancels
            for k, (there, back) in enumerate(zip((share + deal).tolist(), (share - deal).tolist(), strict=True)):
                results += pair(names[i], names[j], there, back, f"{k:06d}")
        ladder = rate(results, POKER, block_pairs=2)
        for i, j in ((1, 0), (2, 0), (2, 1)):
            difference = ladder.compare(names[i], names[j])
            true = (strength[i] - strength[j]) * 400 / np.log(10)
            hits.append(difference.low <= true <= difference.high)
        found = ladder["c"].mean_payoff
        payoffs.append(found.low <= (1.0 + 0.6) / 2 / 4 <= found.high)
    assert 0.93 < np.mean(hits) < 0.97, f"95% intervals of block Elo cover {np.mean(hits):.4f}"
    assert 0.93 < np.mean(payoffs) < 0.97, f"95% intervals of the mean payoff cover {np.mean(payoffs):.4f}"


# Poker


def bet_probability(name, view):
    if name == "equilibrium":
        return TABLE[view]["bet"]
    return {"always bet": 1.0, "uniform": 0.5}[name]


TABLE = equilibrium()
DEALS = ["JQ", "JK", "QJ", "QK", "KJ", "KQ"]


def hand(entrants, deal, luck):
    """Return what the first player wins in one hand of Kuhn poker."""
    s = POKER.start()
    for card in deal:
        s = POKER.step(s, card)
    while POKER.turn(s) >= 0:
        seat = POKER.turn(s)
        s = POKER.step(s, "bet" if next(luck) < bet_probability(entrants[seat], POKER.view(s, seat)) else "pass")
    return POKER.returns(s)[0]


@pytest.fixture(scope="module")
def kuhn():
    """2,400 pairs between each two of three players: the same cards, seats swapped."""
    luck = (x for seed in range(10**9) for x in np.random.default_rng(seed).random(10_000).tolist())
    results = []
    for a, b in (("equilibrium", "always bet"), ("equilibrium", "uniform"), ("always bet", "uniform")):
        for k in range(2400):
            deal = DEALS[int(uniform(k) * 6)]
            for first, second in ((a, b), (b, a)):
                payoff = hand((first, second), deal, luck)
                results.append(Result(first, second, "first", "second", payoff, f"{a}|{b}|{k:06d}"))
    return results


def test_the_equilibrium_of_kuhn_poker_stands_first(kuhn):
    # It beats both in blocks and in money. Against the field, always-bet earns as much, from the uniform player:
    # an equilibrium cannot lose, but it does not exploit either.
    ladder = rate(kuhn, POKER)
    assert ladder.rows[0].name == "equilibrium"
    assert ladder["equilibrium"].blocks == 96
    payoffs = ladder.payoffs
    best = payoffs.names.index("equilibrium")
    for other in ("always bet", "uniform"):
        assert ladder.compare("equilibrium", other).low > 0
        i = payoffs.names.index(other)
        assert payoffs.mean[best, i] - payoffs.half_width[best, i] > 0
    i = payoffs.names.index("always bet")
    assert payoffs.mean[best, i] == pytest.approx(0.11, abs=2 * payoffs.half_width[best, i])


def test_by_single_hands_it_would_not(kuhn):
    class ByHands(KuhnPoker):
        scoring = "outcome"

    assert rate(kuhn, ByHands()).compare("equilibrium", "always bet").high < 0


def test_without_a_full_block_there_are_payoffs_and_no_elo(kuhn):
    few = [r for r in kuhn if int(r.pair[-6:]) < 30]
    ladder = rate(few, POKER)
    row = ladder["uniform"]
    assert row.standing is Standing.UNRATED
    assert row.elo is None
    assert "30 complete pairs against one opponent and a block needs 50" in row.note
    assert row.mean_payoff.low < row.mean_payoff.value < row.mean_payoff.high
    assert set(row.by_role) == {"first", "second"}
    assert rate(few, POKER, block_pairs=10)["uniform"].elo is not None
    with pytest.raises(RatingError, match="no Elo"):
        ladder.compare("uniform", "equilibrium")
    with pytest.raises(RatingError, match="at least one pair"):
        rate(few, POKER, block_pairs=0)


# Over the run


def test_history_is_the_ladder_after_every_step():
    results = [r._replace(step=10 * (k % 3)) for k, r in enumerate(random_results(5, pairs=12))]
    points = history(results, CHESS, anchor="b")
    assert sorted({point.step for point in points}) == [0, 10, 20]
    early = rate([r for r in results if r.step <= 10], CHESS, anchor="b")
    found = {point.name: point for point in points if point.step == 10}
    for row in early.rows:
        assert found[row.name][2:] == pytest.approx((row.elo, row.low, row.high))


def test_history_leaves_out_who_is_not_linked_yet():
    results = pair("a", "b", 1, -1, "1", 1) + pair("c", "d", 1, -1, "1", 1) + pair("b", "c", 1, -1, "1", 2)
    assert [(p.step, p.name) for p in sorted(history(results, CHESS))] == [
        (1, "a"), (1, "b"), (2, "a"), (2, "b"), (2, "c"), (2, "d"),
    ]  # fmt: skip
