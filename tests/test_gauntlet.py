"""Newcomers meet the pool, and nobody else meets."""

from collections import Counter

import arena
from arena.config import TournamentConfig
from arena.games.kuhn_poker import KuhnPoker
from arena.store import Store
from arena.tournaments.gauntlet import Gauntlet
from arena.tournaments.round_robin import RoundRobin

POOL = {"uniform": "uniform", "always_bet": 'script(prefer="bet")'}
NEW = {"equilibrium": 'tabular(table="arena.games.kuhn_poker:equilibrium")', "always_pass": 'script(prefer="pass")'}


def config(newcomers=("equilibrium", "always_pass"), **values):
    return TournamentConfig(
        **{
            "game": "kuhn_poker",
            "format": "gauntlet",
            "pairs": 20,
            "block_pairs": 5,
            "newcomers": newcomers,
            "entrants": {**POOL, **NEW},
            **values,
        }
    )


def test_only_newcomers_and_the_pool_meet_from_both_seats():
    form = Gauntlet(config(), KuhnPoker())
    (stage,) = form.stages(None)
    seatings = Counter(fixture.entrants for fixture in stage)
    assert seatings == {two: 20 for a in NEW for b in POOL for two in ((a, b), (b, a))}
    assert form.total == 4 * 40
    assert form.words() == []


def test_it_is_rated_like_any_other_tournament(tmp_path):
    ladder = arena.tournament(config(), tmp_path)
    assert {row.name: row.matches for row in ladder.rows} == dict.fromkeys([*POOL, *NEW], 80)


def test_pairs_entrants_and_newcomers_may_be_added_and_old_results_stay(tmp_path):
    arena.tournament(config(newcomers=["equilibrium"]), tmp_path)
    with Store.read(tmp_path) as store:
        old = {record.key: record for record in store.records()}
    assert len(old) == 3 * 40
    # The newcomer of yesterday stands in the pool of today.
    entrants = {**POOL, **NEW, "newer": "uniform"}
    arena.tournament(config(newcomers=["newer"], entrants=entrants, pairs=30), tmp_path)
    with Store.read(tmp_path) as store:
        now = {record.key: record for record in store.records()}
    assert {key: now[key] for key in old} == old
    assert len(now) == 3 * 40 + 4 * 60


def test_its_matches_are_those_of_a_round_robin():
    """Keys and deals depend on who meets and not on the format."""
    (stage,) = Gauntlet(config(), KuhnPoker()).stages(None)
    entire = config(format="round_robin", newcomers=())
    (all_,) = RoundRobin(entire, KuhnPoker()).stages(None)
    assert set(stage) < set(all_)
