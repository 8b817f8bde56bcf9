"""Runs for the tests of the page: a tournament in which players lie, fail and crash, and a small league."""

from types import MappingProxyType

import numpy as np

import arena
from arena.config import LeagueConfig, TournamentConfig
from arena.player import Fault, Move

SCRIPT = "</script><script>window.owned = 1; alert(1)</script>"
PICTURE = "\"quotes\" & 'more' שלום 🎲 <img src=x onerror=alert(2)>"
SAID = f'{SCRIPT} "I think" \u202eeht tseb\u202c mo\u200bve, 👩\u200d🚀 \u2028 <img src=x onerror="window.owned = 1">'


class Hostile:
    """Says what a browser should not believe; one reply in ten is no move at all, and every one costs a cent."""

    name, keeps_traces = "hostile", True
    bill = MappingProxyType({"dollars": np.float64(0.01), "prompt_tokens": np.int64(1000)})

    def act(self, batch):
        return [self._answer(request) for request in batch]

    def _answer(self, request):
        action = request.legal[request.seed // 10 % len(request.legal)]
        if request.seed % 10 == 0:
            return Move("<b>nonsense</b>", SAID, self.bill)
        if request.seed % 10 == 1:
            return Move(None, SAID, self.bill, Fault.UNPARSABLE)
        return Move(action, SAID, self.bill)


class Resigns:
    name = "resigns"

    def act(self, batch):
        return [Move(None, "I give up", fault=Fault.RESIGN) for _ in batch]


class Crashes:
    name = "crashes"

    def act(self, batch):
        raise ValueError("<script>alert('out of paper')</script>")


def hostile_tournament(folder):
    """Tic-tac-toe among players of all kinds of bad manners."""
    here = "tests.page_runs:"
    entrants = {
        "uniform": "uniform",
        SCRIPT: f"{here}Hostile",
        PICTURE: f"{here}Hostile",
        "resigns": f"{here}Resigns",
        "crashes": f"{here}Crashes",
    }
    arena.tournament(TournamentConfig(game="tic_tac_toe", pairs=6, anchor="uniform", entrants=entrants), folder)
    return folder


def plain_tournament(folder, game="tic_tac_toe", pairs=10):
    """Three players, one of whom always wins, so that it is provisional."""
    names = {"uniform": "uniform", "minimax": "minimax", "other": "uniform"}
    if game == "kuhn_poker":
        names = {"uniform": "uniform", "bet": 'script(prefer="bet")', "pass": 'script(prefer="pass")'}
    config = TournamentConfig(game=game, pairs=pairs, block_pairs=5, anchor="uniform", entrants=names)
    arena.tournament(config, folder)
    return folder


def small_league(folder):
    config = {
        "game": "kuhn_poker",
        "training": {"updates": 20, "matches": 32},
        "learners": {"main": {"player": "net(hidden=[4])"}},
        "schedule": {"checkpoint_every": 10, "snapshot_every": 10},
        "rating": {"pairs": 20, "block_pairs": 5},
    }
    arena.train(LeagueConfig.model_validate(config), folder)
    return folder
