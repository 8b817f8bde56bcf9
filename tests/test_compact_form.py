"""The compact form says what the sequence form says, with neighbours where sums want them."""

import numpy as np
import pytest

from arena.registry import load_game
from arena.tree import enumerate_game
from arena.tree.compact_form import compact_form
from arena.tree.sequence_form import sequence_form

NAMES = ["kuhn_poker", "leduc_poker", "liars_dice(faces=3)", "goofspiel(cards=3)", "matrix"]


@pytest.mark.parametrize("name", NAMES)
def test_every_legal_action_is_one_sequence_and_its_set_a_run_of_neighbours(name):
    tree = enumerate_game(load_game(name))
    form = compact_form(tree)
    assert sorted(form.entry.tolist()) == np.flatnonzero(tree.mask).tolist()
    A, P = tree.mask.shape[1], tree.game.seats
    for layer in form.layers:
        sets = form.entry[layer.sequences.start - P : layer.sequences.stop - P] // A
        assert layer.set_begin.tolist() == np.flatnonzero(np.diff(sets, prepend=-1)).tolist()
        assert len(layer.set_begin) == len(set(sets.tolist()))
        before = layer.before[layer.set_begin]
        assert before.tolist() == sorted(before)
        assert before[layer.parent_begin].tolist() == layer.parents.tolist() == sorted(set(before.tolist()))


@pytest.mark.parametrize("name", NAMES)
def test_the_sequence_before_is_that_of_the_sequence_form(name):
    tree = enumerate_game(load_game(name))
    form, plain = compact_form(tree), sequence_form(tree)
    A, P = tree.mask.shape[1], tree.game.seats
    old = np.concatenate([np.zeros(P, np.int64), 1 + form.entry])
    for layer in form.layers:
        sets = (old[layer.sequences] - 1) // A
        assert old[layer.before].tolist() == plain.parent[sets].tolist()
        empty = layer.before < P
        assert layer.before[empty].tolist() == tree.seat[sets[empty]].tolist()


@pytest.mark.parametrize("name", NAMES)
def test_endings_belong_to_the_last_sequences_of_all_seats(name):
    tree = enumerate_game(load_game(name))
    form, plain = compact_form(tree), sequence_form(tree)
    Z = len(plain.chance_reach)
    old = np.concatenate([np.zeros(tree.game.seats, np.int64), 1 + form.entry])
    owner = np.repeat(old[form.owner], np.diff(form.owner_begin, append=2 * Z))
    mine = list(zip(owner.tolist(), old[form.others[0]].tolist(), form.payoff.tolist(), strict=True))
    for seat in (0, 1):
        paid = plain.chance_reach * plain.payoff[:, seat]
        expected = zip(plain.sequence[seat].tolist(), plain.sequence[1 - seat].tolist(), paid.tolist(), strict=True)
        assert sorted(mine[seat * Z : (seat + 1) * Z]) == sorted(expected)


@pytest.mark.parametrize("name", NAMES)
def test_runs_tell_whose_sequences_they_are(name):
    tree = enumerate_game(load_game(name))
    form = compact_form(tree)
    S = tree.game.seats + len(form.entry)
    whose = np.repeat(form.run_seat, np.diff(form.run_begin, append=S))
    assert whose.tolist() == [*range(tree.game.seats), *tree.seat[form.entry // tree.mask.shape[1]]]
