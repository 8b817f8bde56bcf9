"""A tournament's file: who meets whom in which format, and what the referee bears."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from arena.config.fields import Count, Seed, Strict, cast_names, check_labels


class PatienceConfig(Strict):
    """What the referee bears."""

    retries: Annotated[int, Field(ge=0)] = 2
    """Answers beyond the first to one question before the seat forfeits."""
    feedback: bool = True
    """Whether a player is told why its move was refused."""
    max_turns: Count = 10_000
    """Moves after which a match is a draw."""


class TournamentConfig(Strict):
    """A tournament. Whoever meets plays `pairs` pairs of matches (same seed, seats swapped)."""

    game: str
    entrants: dict[str, str]
    """Name in the table → player spec or checkpoint folder."""
    format: Literal["round_robin", "gauntlet", "swiss", "double_elimination"] = "round_robin"
    """Who meets whom: all, newcomers the others, equals in points, or winners until one is left."""
    pairs: Count = 100
    """Per meeting of two entrants."""
    newcomers: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Gauntlet: the entrants who meet all others; nobody else meets."""
    rounds: Count | None = None
    """Swiss: how often everybody plays."""
    extra_pairs: Annotated[int, Field(ge=0)] | None = None
    """Double elimination: a drawn meeting goes on for up to so many pairs until somebody is ahead; by default 10."""
    seeding: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}
    """Swiss, double elimination: entrant → strength, the strongest is seeded first; by default the order above."""
    seed: Seed = 0
    anchor: str | None = None
    """The entrant whose Elo is fixed at 1000; by default the first."""
    block_pairs: Count = 50
    """Payoff games: how many pairs make the block that Elo counts as one game."""
    cast: dict[str, str] = {}
    """Role → player spec for seats that nobody competes for (judges, verifiers)."""
    judges_itself: bool = False
    """Whether a judge may be of one mind with an entrant: the same model, or a copy of the same learner."""
    patience: PatienceConfig = PatienceConfig()

    @property
    def cast_names(self) -> dict[str, str]:
        """Role → the name under which its player sits there."""
        return cast_names(self.cast)

    @property
    def seeded(self) -> list[str]:
        """The entrants by strength where that is given, otherwise in the order of the file."""
        return sorted(self.entrants, key=lambda name: -self.seeding.get(name, 0.0))

    @model_validator(mode="after")
    def _check(self) -> TournamentConfig:
        if len(self.entrants) < 2:
            raise ValueError("a tournament needs at least two entrants")
        if self.anchor is not None and self.anchor not in self.entrants:
            raise ValueError(f"the anchor {self.anchor!r} is not among the entrants")
        check_labels(self.entrants)
        for name in self.cast_names.values():
            if name in self.entrants:
                raise ValueError(f"{name!r} is what the player of a cast seat is called: take another name")
        for key, formats in _ONLY_IN.items():
            if self.format not in formats and getattr(self, key) not in (None, (), {}):
                raise ValueError(f"{key} belongs to the format {' or '.join(formats)}, and this is a {self.format}")
        self._check_newcomers()
        self._check_rounds()
        for name in sorted(set(self.seeding) ^ set(self.entrants)) if self.seeding else ():
            what = "is no entrant" if name in self.seeding else "is missing"
            raise ValueError(f"seeding must give every entrant a strength, and only them: {name!r} {what}")
        return self

    def _check_newcomers(self) -> None:
        if self.format != "gauntlet":
            return
        if not self.newcomers:
            raise ValueError('a gauntlet needs newcomers, for example newcomers = ["mine"]')
        for name in self.newcomers:
            if name not in self.entrants:
                raise ValueError(f"the newcomer {name!r} is not among the entrants")
            if self.newcomers.count(name) > 1:
                raise ValueError(f"the newcomer {name!r} is named twice")
        if len(self.newcomers) == len(self.entrants):
            raise ValueError("a gauntlet needs somebody to meet: at least one entrant must not be a newcomer")

    def _check_rounds(self) -> None:
        if self.format != "swiss":
            return
        n = len(self.entrants)
        if self.rounds is None:
            raise ValueError("a swiss needs a number of rounds, for example rounds = 5")
        if self.rounds > (most := n - 1 + n % 2):
            raise ValueError(
                f"{self.rounds} rounds are too many for {n} entrants, who have all met after {most}: "
                f"take {most} or fewer, or a round robin"
            )
        if self.rounds < (least := (n - 1).bit_length()):
            raise ValueError(f"{self.rounds} rounds are too few to put {n} entrants on one scale: take {least} or more")


_ONLY_IN = {
    "newcomers": ("gauntlet",),
    "rounds": ("swiss",),
    "extra_pairs": ("double_elimination",),
    "seeding": ("swiss", "double_elimination"),
}
"""Key → the formats that read it."""
