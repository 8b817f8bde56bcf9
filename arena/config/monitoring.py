"""What is watched while a language model trains, when that raises an alarm, and where the numbers go."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from arena.config.algorithms import Fraction, Positive
from arena.config.fields import Strict

AlarmName = Literal[
    "not_finite",
    "length_collapse",
    "length_explosion",
    "entropy_collapse",
    "gradient_spike",
    "gradient_vanished",
    "stale_weights",
    "invalid",
    "truncated",
    "draws",
    "stalled",
    "seat",
    "anchors",
    "repetition",
    "echo",
]
"""What trainers/alarms.py may find."""

TrackerName = Literal["tensorboard", "trackio", "wandb"]
"""Where trainers/trackers.py can write, beside the run's own log."""

Shrink = Annotated[float, Field(gt=0, lt=1)]
Growth = Annotated[float, Field(gt=1, allow_inf_nan=False)]


class AlarmsConfig(Strict):
    """When a number of a run is an alarm: `[alarms]`. No single update raises one, but for a number that is none."""

    window: Annotated[int, Field(ge=4)] = 10
    """Updates whose numbers are judged together."""
    start: Annotated[int, Field(ge=4)] = 20
    """First updates of the run, which say what is normal for it."""
    length_shrink: Shrink = 0.25
    """Replies may become so short, as a share of their length at the start."""
    length_growth: Growth = 4.0
    """Replies may become so many times as long as at the start."""
    entropy_shrink: Shrink = 0.15
    """The entropy of the policy may fall so far, as a share of that at the start."""
    gradient_growth: Growth = 10.0
    """A gradient norm so many times the usual one of the run is a spike; three in a window raise the alarm."""
    gradient_shrink: Shrink = 0.02
    """The gradient norm may fall so far, as a share of that at the start."""
    ratio_beyond: Fraction = 0.05
    """Share of tokens whose ratio between trainer and engine may lie beyond the cap, or below one over it."""
    ratio_gap: Positive = 0.1
    """Nats by which trainer and engine may differ about a token, on average."""
    invalid: Fraction = 0.1
    """Share of replies that may be unreadable, empty or illegal."""
    truncated: Fraction = 0.1
    """Share of replies that may run into their length limit."""
    draws: Fraction = 0.9
    """Share of matches that may be drawn."""
    stalled: Fraction = 0.2
    """Share of matches that may run into the limit of turns."""
    seat_gap: Positive = 0.5
    """What one seat may earn per match beyond its baseline and more than the other seats, in greatest payoffs."""
    repetition: Fraction = 0.2
    """Share of replies that may go round in circles."""
    echo: Fraction = 0.5
    """Share of long replies that may be word for word those to another prompt."""
    error_rate: Annotated[float, Field(gt=0, lt=1)] = 0.05
    """Probability that, in a whole run whose strength never falls, the win rate against anchors raises an alarm."""
    severe: list[AlarmName] = [
        "not_finite",
        "length_collapse",
        "length_explosion",
        "gradient_spike",
        "invalid",
        "anchors",
        "repetition",
        "echo",
    ]
    """Alarms that are reason enough to roll back. Entropy is none by itself: where nothing is hidden, the best play may
    have none; add "entropy_collapse" where cards are hidden."""
    roll_backs: Annotated[int, Field(ge=0)] = 0
    """How often a learner goes back to its last healthy snapshot, at most; 0: never."""


class TrackingConfig(Strict):
    """Where the numbers of a run go beside its own log: `[tracking]`."""

    to: list[TrackerName] = []
    """Trackers to write to; each needs the extra of its name."""
    project: Annotated[str, Field(pattern=r"^\w[\w-]{0,99}$")] = "arena"
    """What trackio and wandb call the group of runs that this one belongs to."""
