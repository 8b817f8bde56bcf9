"""A game becomes arrays that say what its rules say, or is refused with the reason."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

from arena.errors import ConfigError, GameError, TooLarge
from arena.game import CHANCE, OVER, Choices, Game, IllegalAction, Text, Uniform
from arena.games.kuhn_poker import KuhnPoker
from arena.registry import load_game
from arena.tree import enumerate_game


class Draft(Game[tuple[str, ...]]):
    """Two moves, one by each seat; the tests below spoil one rule each. A state is the moves so far."""

    name = "draft"
    actions = ("a", "b")

    def start(self):
        return ()

    def turn(self, s):
        return len(s) if len(s) < 2 else OVER

    def step(self, s, action):
        return (*s, action)

    def returns(self, s):
        return (1.0, -1.0) if s[0] == s[1] else (-1.0, 1.0)

    def view(self, s, seat):
        return " ".join(s)


def spoilt(**rules):
    """Return a draft game with other rules, under a name of its own."""
    return type("Spoilt", (Draft,), {"name": "_".join(["spoilt", *rules]), **rules})()


def walk(game, tree):
    """Yield (state, node) for every branch on the way down, following the rules and the table side by side."""
    stack = [(game.start(), 0)]
    while stack:
        s, node = stack.pop()
        yield s, node
        turn = game.turn(s)
        if turn == CHANCE:
            outcomes = [(name, p) for name, p in game.chance(s) if p > 0]
            assert tree.chance[node][tree.child[node] >= 0].tolist() == [p for _, p in outcomes]
            stack += [(game.step(s, name), tree.child[node, k]) for k, (name, _) in enumerate(outcomes)]
        elif turn != OVER:
            assert not tree.chance[node].any()
            columns = [tree.actions.index(action) for action in game.legal(s, turn)]
            assert sorted(columns) == np.flatnonzero(tree.child[node] >= 0).tolist()
            stack += [(game.step(s, tree.actions[k]), tree.child[node, k]) for k in columns]


# What is in the arrays.


@pytest.mark.parametrize(
    ("name", "nodes", "terminals", "information_sets"),
    [
        ("kuhn_poker", 58, 30, [6, 6]),  # as in OpenSpiel, histories and information states
        ("leduc_poker", 9457, 5520, [468, 468]),
        ("tic_tac_toe", 5478, 958, [2423, 2097]),  # reachable boards (A008907 counts 5478; 958 are final)
        ("rock_paper_scissors", 13, 9, [1, 1]),
    ],
)
def test_sizes(name, nodes, terminals, information_sets):
    tree = enumerate_game(load_game(name))
    assert (len(tree.mover), len(tree.terminals)) == (nodes, terminals)
    assert [len(sets) for sets in tree.by_seat] == information_sets


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "matrix"])
def test_the_arrays_say_what_the_rules_say(name):
    game = load_game(name)
    tree = enumerate_game(game)
    state_of = {}
    for s, node in walk(game, tree):
        assert state_of.setdefault(node, s) == s  # equal states are one node, and one node is one state
        assert tree.mover[node] == game.turn(s)
        i, over = tree.information_set[node], game.turn(s) == OVER
        assert tree.returns[node].tolist() == (list(game.returns(s)) if over else [0.0] * game.seats)
        if tree.mover[node] >= 0:
            assert (tree.seat[i], tree.views[i]) == (game.turn(s), game.view(s, game.turn(s)))
            legal = game.legal(s, game.turn(s))
            assert [tree.actions[a] for a in np.flatnonzero(tree.mask[i])] == sorted(legal, key=tree.actions.index)
        else:
            assert i == -1
    assert len(state_of) == len(tree.mover)


@pytest.mark.parametrize("name", ["kuhn_poker", "tic_tac_toe"])
def test_children_lie_in_later_levels_than_their_parents(name):
    tree = enumerate_game(load_game(name))
    level = np.concatenate([np.full(part.stop - part.start, k) for k, part in enumerate(tree.levels)])
    parents, columns = np.nonzero(tree.child >= 0)
    assert len(level) == len(tree.mover)
    assert (level[tree.child[parents, columns]] > level[parents]).all()


def test_impossible_chance_outcomes_are_left_out():
    game = spoilt(
        turn=lambda self, s: CHANCE if not s else Draft.turn(self, s[1:]),
        chance=lambda self, s: [("never", 0.0), ("sun", 0.25), ("rain", 0.75)],
        returns=lambda self, s: Draft.returns(self, s[1:]),
    )
    tree = enumerate_game(game)
    assert tree.chance[0, :2].tolist() == [0.25, 0.75]
    assert not any("never" in view for view in tree.views)
    assert [request.text for request in tree.requests] == list(tree.views)


def test_without_a_list_of_actions_the_vocabulary_is_gathered_on_the_way():
    game = spoilt(actions=(), legal=lambda self, s, seat: (f"{seat}x", "shared"))
    assert enumerate_game(game).actions == ("0x", "shared", "1x")


def test_a_seat_that_played_no_game_counts_as_nothing():
    tree = enumerate_game(spoilt(returns=lambda self, s: (None, 2.0)))
    assert tree.returns[tree.terminals].tolist() == [[0.0, 2.0]] * 4


def test_every_rule_is_asked_once_about_a_state():
    asked = Counter()

    def counted(method):
        def ask(self, s, *rest):
            asked[method, s, *rest] += 1
            return getattr(Draft, method)(self, s, *rest)

        return ask

    tree = enumerate_game(spoilt(**{m: counted(m) for m in ("turn", "legal", "returns", "view", "step")}))
    assert set(asked.values()) == {1}
    assert Counter(method for method, *_ in asked) == {"turn": 7, "legal": 3, "returns": 4, "view": 3, "step": 6}
    assert len(tree.mover) == 7


# One tree for equal games.


def test_equal_games_share_one_tree():
    assert enumerate_game(KuhnPoker()) is enumerate_game(load_game("kuhn_poker"))


def test_a_class_that_is_written_again_is_enumerated_again():
    """In a notebook the rules change while name and version stay."""
    first = enumerate_game(spoilt(returns=lambda self, s: (1.0, -1.0)))
    again = enumerate_game(spoilt(returns=lambda self, s: (-1.0, 1.0)))
    assert (first.returns[first.terminals] == -again.returns[again.terminals]).all()


def test_a_smaller_limit_is_kept_although_the_tree_is_known():
    enumerate_game(KuhnPoker())
    with pytest.raises(TooLarge, match="more than 57 states"):
        enumerate_game(KuhnPoker(), limit=57)
    assert len(enumerate_game(KuhnPoker(), limit=58).mover) == 58


# Games that are refused.


def test_a_game_that_is_too_large_says_what_to_do_instead():
    with pytest.raises(TooLarge) as refusal:
        enumerate_game(load_game("connect_four"), limit=1000)
    assert re.sub(r"about 0.\d MB", "about 0.? MB", str(refusal.value)) == (
        "connect_four has more than 1,000 states, too many for exact tables: the walk stopped at 1,004 states and "
        "about 0.? MB, and how many there are is not known; compare players by matches instead (arena pit), or take "
        "a smaller game; in Python, enumerate_game(game, limit=…, memory=…) allows more"
    )


def test_memory_has_a_limit_of_its_own():
    with pytest.raises(TooLarge, match="connect_four needs more than 2 MB, too much for exact tables"):
        enumerate_game(load_game("connect_four"), memory=2_000_000)


def unlisted(length, item):
    """Return a sequence that breaks when anyone lists it."""

    class Unlisted(Sequence):
        def __len__(self):
            return length

        def __getitem__(self, index):
            raise AssertionError("this sequence is longer than memory")

    return Unlisted()


@pytest.mark.parametrize("options", [unlisted(10**12, "a"), Uniform(10**12), Choices(10**12)])
@pytest.mark.parametrize("who", ["chance", "legal"])
def test_huge_sets_are_refused_before_they_are_listed(options, who):
    if who == "chance":
        game = spoilt(turn=lambda self, s: CHANCE, chance=lambda self, s: options)
    else:
        game = spoilt(actions=(), legal=lambda self, s, seat: options)
    with pytest.raises(TooLarge, match="too many for exact tables"):
        enumerate_game(game)


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ({"step": lambda self, s, action: ()}, "a state can come back after some moves, so the game may never end"),
        ({"step": lambda self, s, action: ("a",), "turn": lambda self, s: 0}, "a state can come back after some moves"),
        ({"view": lambda self, s, seat: "?"}, "says that it hides nothing, but two states look alike to seat 1: '?'"),
        (
            {"hidden": True, "view": lambda self, s, seat: "?", "legal": lambda self, s, seat: s or ("a", "b")},
            "seat 1 sees '?' in two states with different legal actions",
        ),
        ({"legal": lambda self, s, seat: ()}, "seat 0 is to move but has no legal action in ()"),
        ({"legal": lambda self, s, seat: ("c",)}, "'c' is legal in () but is not among its actions"),
        ({"legal": lambda self, s, seat: ("a", "a")}, "the legal actions in () name one twice: a, a"),
        ({"returns": lambda self, s: (1.0, -1.0, 0.0)}, "('a', 'a') has 3 payoffs, but there are 2 seats"),
        ({"returns": lambda self, s: (1.0, float("nan"))}, "('a', 'a') pays (1.0, nan): give a finite number or None"),
        ({"legal": lambda self, s, seat: Text()}, "has free text moves, which cannot be enumerated"),
        (
            {"turn": lambda self, s: CHANCE, "chance": lambda self, s: [("a", 0.5), ("b", 0.4)]},
            "the chance probabilities of () do not sum to 1",
        ),
    ],
)
def test_a_game_that_contradicts_itself_is_refused(rules, sentence):
    with pytest.raises(GameError) as refusal:
        enumerate_game(spoilt(**rules))
    assert sentence in str(refusal.value)


@pytest.mark.parametrize("method", ["start", "turn", "chance", "step", "legal", "view", "returns"])
@pytest.mark.parametrize("fault", [ZeroDivisionError("division by zero"), IllegalAction("not now")])
def test_a_game_that_fails_is_named_with_the_state(method, fault):
    def fails(*_):
        raise fault

    with pytest.raises(GameError, match=rf": {type(fault).__name__}: {fault}") as refusal:
        enumerate_game(type("Broken", (KuhnPoker,), {"name": "broken", method: fails})())
    where = "at its start" if method == "start" else "in the state State(cards=("
    assert str(refusal.value).startswith(f"broken fails {where}")


@pytest.mark.parametrize(
    ("game", "sentence"),
    [
        ("kuhn_poker", r"^'kuhn_poker' is no game and cannot be enumerated: give arena.load_game\('kuhn_poker'\)$"),
        (KuhnPoker, "is no game and cannot be enumerated: give a game, as arena.load_game returns it"),
    ],
)
def test_what_is_no_game_is_told_how_to_make_one(game, sentence):
    with pytest.raises(ConfigError, match=sentence):
        enumerate_game(game)
