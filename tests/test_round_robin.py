"""Everybody meets everybody, in one stage that is known beforehand."""

from collections import Counter
from itertools import combinations

from arena.config import TournamentConfig
from arena.games.kuhn_poker import KuhnPoker
from arena.tournaments.round_robin import RoundRobin


def test_every_two_meet_as_often_as_was_asked_and_the_total_says_so():
    config = TournamentConfig(game="kuhn_poker", pairs=3, entrants=dict.fromkeys("abcd", "uniform"))
    form = RoundRobin(config, KuhnPoker())
    (stage,) = form.stages(None)
    fixtures = list(stage)
    assert form.total == len(fixtures) == 36
    assert Counter(frozenset(f.entrants) for f in fixtures) == {frozenset(two): 6 for two in combinations("abcd", 2)}
    assert form.words() == []
