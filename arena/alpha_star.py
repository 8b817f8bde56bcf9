"""The three kinds of agent of AlphaStar's league: whom each meets, when it is copied and whether it starts afresh.

Main agents play themselves and each other, the whole past, and whoever in it they have come to lose to. Main
exploiters look for the mains' weaknesses, league exploiters for those of the whole league, so that mains meet them
(Vinyals et al., 2019). The paper and the pseudo-code published with it differ; what is used here, and what differs:

- shares of a main agent: 50% PFSP, 15% forgotten or exploiters, 35% self-play (both);
- PFSP weighs (1 − x)² for mains and min(½, 1 − x) for league exploiters (code; the paper leaves the power open);
- a main meets a current main only above 30%, exploiters' snapshots in the 15% only below 30%, a main's past there
  only below 70% and without the latest snapshots that it is simply still close to (code; the paper says "forgotten");
- a main exploiter spends half of its matches, and below 20% all of them, on the mains' past (paper; the code spends
  none above 10% and all below);
- an exploiter is copied once it beats all its targets in over 70%, or in time: after the period of a main agent for
  league exploiters, two for main exploiters (paper; in the code all three kinds wait at least one period, copy
  themselves above 70% and at the latest after two);
- after that a main exploiter always starts afresh, a league exploiter in one of four cases, a main never (both).

Where the best win only a little of what can be won, as in poker, no rate ever comes near 70%. So rates are stretched
about ½ until `beaten` stands at 70%, and then mean what they mean there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from arena.matchmaking import EVEN, Distribution, mixed, prioritised, rate_against

BEATEN = 0.7
"""Win rate from which AlphaStar counts an opponent as beaten; all other rates below are on its scale."""
RESET = {"main": 0.0, "main_exploiter": 1.0, "league_exploiter": 0.25}
"""League role → probability of starting afresh after a copy has joined the league."""
PERIODS = {"main": 1, "league_exploiter": 1, "main_exploiter": 2}
"""League role → periods of a main agent after which a copy joins the league whatever the results are."""


@dataclass(frozen=True)
class Standing:
    """What an agent's next opponents depend on."""

    learner: str
    role: Mapping[str, str]
    """Learner → its league role."""
    past: Mapping[str, str]
    """Snapshot → the learner it is a copy of, oldest first."""
    win_rate: Mapping[str, float]
    """The learner's, against learners as they are now and against snapshots; ½ where it is unknown."""
    beaten: float = BEATEN
    """Win rate from which an opponent counts as beaten in this game."""

    @property
    def mains(self) -> list[str]:
        """The main agents as they are now."""
        return [name for name, role in self.role.items() if role == "main"]

    def rate(self, name: str) -> float:
        """Return the win rate on AlphaStar's scale. Against itself a learner is even, whatever was counted."""
        if name == self.learner:
            return EVEN
        stretch = (BEATEN - EVEN) / (self.beaten - EVEN)
        return min(max(EVEN + stretch * (rate_against(self.win_rate, name) - EVEN), 0.0), 1.0)

    def pfsp(self, names: Sequence[str], weighting: str = "hard") -> Distribution:
        """Return PFSP's shares of these snapshots; "hard" squares, as it does by default."""
        return prioritised(names, {name: self.rate(name) for name in names}, weighting)

    def copies(self, *learners: str) -> list[str]:
        """Return the snapshots of these learners, oldest first."""
        return [snapshot for snapshot, learner in self.past.items() if learner in learners]


def opponents(standing: Standing) -> Distribution:
    """Return whom the learner meets, by its league role."""
    choose = {"main": _of_main, "main_exploiter": _of_main_exploiter, "league_exploiter": _of_league_exploiter}
    return choose[standing.role[standing.learner]](standing)


def joins(standing: Standing, since: int, period: int) -> bool:
    """Tell whether a copy of the learner joins the league, `since` updates after it last did."""
    role = standing.role[standing.learner]
    if since >= PERIODS[role] * period:
        return True
    targets = {"main": [], "main_exploiter": standing.mains, "league_exploiter": list(standing.past)}[role]
    return bool(targets) and min(map(standing.rate, targets)) > BEATEN


def _of_main(standing: Standing) -> Distribution:
    mains = [(1 / len(standing.mains), main) for main in standing.mains]
    pfsp = standing.pfsp(list(standing.past))
    if not pfsp:
        return mixed((share, _self_play(standing, main)) for share, main in mains)
    parts = [(0.5, pfsp)]
    for share, main in mains:
        parts += [
            (0.15 * share, _lost_to(standing, main) or _self_play(standing, main)),
            (0.35 * share, _self_play(standing, main)),
        ]
    return mixed(parts)


def _of_main_exploiter(standing: Standing) -> Distribution:
    parts: list[tuple[float, Distribution]] = []
    for main in standing.mains:
        now, past = {main: 1.0}, _curriculum(standing, main)
        parts += [(0.5, past or now), (0.5, past if past and standing.rate(main) < 0.2 else now)]
    return mixed(parts)


def _of_league_exploiter(standing: Standing) -> Distribution:
    past = standing.pfsp(list(standing.past), "capped")
    return past or mixed([(1.0, {main: 1.0}) for main in standing.mains])


def _self_play(standing: Standing, main: str) -> Distribution:
    """Return a main as it is now or, if it is still too strong, its past."""
    if standing.rate(main) > 0.3:
        return {main: 1.0}
    return _curriculum(standing, main) or {main: 1.0}


def _curriculum(standing: Standing, main: str) -> Distribution:
    return standing.pfsp(standing.copies(main), "variance")


def _lost_to(standing: Standing, main: str) -> Distribution:
    """Return the exploiters' snapshots that beat the learner, or else the part of a main's past that it has forgotten.

    Empty where it has nothing to fear from either.
    """
    exploiters = standing.copies(*(name for name, role in standing.role.items() if role == "main_exploiter"))
    if exploiters and min(map(standing.rate, exploiters)) < 0.3:
        return standing.pfsp(exploiters)
    copies = standing.copies(main)
    older = _without_falling_end(copies, [standing.rate(name) for name in copies])
    if older and min(map(standing.rate, older)) < BEATEN:
        return standing.pfsp(older)
    return {}


def _without_falling_end(names: Sequence[str], rates: Sequence[float]) -> Sequence[str]:
    """Return the names up to the last one whose rate is above that of the one before it.

    Along the snapshots after it the rate never rises, as it should towards those that the learner is close to.
    """
    for i in range(len(names) - 1, 0, -1):
        if rates[i - 1] < rates[i]:
            return names[: i + 1]
    return []
