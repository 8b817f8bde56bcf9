"""Any finite game as arrays: exact values, best responses and fast games, all from one enumeration.

`enumeration` turns a game's states into the flat arrays of `tables`, once, and `from_open_spiel` those of OpenSpiel;
`limits` says when they are too many, `cache` keeps them on disk. `values` gives the expected returns of policies,
`outcomes` how matches between them end, `best_response` best responses, NashConv and exploitability, `on_device` the
same in torch, `regret` where a player loses; `treeplex` is what solvers walk, and `rollout` plays thousands of games
by gathers.
"""

from arena.tree.best_response import best_response, best_responses, exploitability, nash_conv
from arena.tree.enumeration import Tree, enumerate_game
from arena.tree.from_open_spiel import enumerate_open_spiel
from arena.tree.outcomes import Outcomes, outcomes
from arena.tree.regret import Leak, Regret, leaks, regret
from arena.tree.rollout import Trajectories, rollout
from arena.tree.values import expected_returns

__all__ = [
    "Leak",
    "Outcomes",
    "Regret",
    "Trajectories",
    "Tree",
    "best_response",
    "best_responses",
    "enumerate_game",
    "enumerate_open_spiel",
    "expected_returns",
    "exploitability",
    "leaks",
    "nash_conv",
    "outcomes",
    "regret",
    "rollout",
]
