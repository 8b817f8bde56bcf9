"""By which rules a challenger sets tasks for solvers: those of published systems by name, and single ones by theirs.

    r_zero   both roles learn: the challenger is paid for tasks that the solvers answer half of the time, and pays for
             repeating itself; solvers learn from tasks that are neither too easy nor too hard (Huang et al., 2025)
    serl     the challenger is shown examples and does not learn; tasks like earlier ones are left out (Fang et al.,
             2025)
    ttrl     nobody writes tasks, they are those of a file without its answers (Zuo et al., 2025)
    eva      tasks are chosen by how much they tell solvers apart, and rewritten by somebody who does not learn
             (Ye et al., 2024)
    ours     r_zero with two safeguards: a task that next to nobody answers alike pays nothing, nor does one whose
             solvers, split into two halves, come to different answers

Ours too are the memory over the whole run, where the released code of R-Zero and SeRL looks at one batch, one price for
whatever is no task, and to pay a challenger that does not learn as published (`pays`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args, get_type_hints

from arena.errors import ConfigError
from arena.games.success import INFORMATIVENESS

UNCHANGED, REWRITTEN = "unchanged", "rewritten"
"""What becomes of a task that was drawn, as chance says it."""


class Rules(NamedTuple):
    """What may differ from system to system."""

    solvers: int = 10
    """Seats that answer each task."""
    tasks: Literal["written", "rewritten", "given"] = "written"
    """The challenger writes a task, or rewrites one that is drawn; or what is drawn is the task."""
    truth: Literal["majority", "worked"] = "majority"
    """What answer is right: the one that most give; or tasks are terms such as (3 + 4) / 2, which are worked out."""
    pays: Literal["uncertainty", "informativeness", "nothing"] = "uncertainty"
    """What the challenger gets for a task; with "nothing" it plays no game, so it does not learn."""
    floor: float = 0.0
    """Success below which uncertainty pays nothing."""
    agreement: bool = False
    """Whether uncertainty pays only if both halves of the solvers have the same majority."""
    unreadable: float = -1.0
    """What the challenger gets for what is no task."""
    repetition: float = 0.0
    """Price of a task that repeats all others, and of less in proportion (games/near_duplicates.py)."""
    alike: float = 0.5
    """Similarity from which two tasks count as nearly the same."""
    drops_repeats: bool = False
    """Whether solvers learn nothing from a task that is nearly the same as an earlier one."""
    low: float = 0.0
    """Solvers learn from tasks of at least this success …"""
    high: float = 1.0
    """… and at most this one."""
    learning: int = 0
    """So many of the solvers learn, the first ones; 0: all."""
    examples: int = 0
    """Given tasks that the challenger is shown …"""
    kept_examples: int = 0
    """… and those from which solvers have learned, once there are any."""
    least_words: int = 1
    """Of a task."""
    most_words: int = 1000
    """The same."""
    informativeness: str = "gap"
    """How much a task tells solvers apart: one of `INFORMATIVENESS`."""
    chosen: float = 0.25
    """rewritten: the share of an update's tasks that are kept to be rewritten next, drawn by informativeness."""
    unchanged: float = 0.2
    """rewritten: the share of matches that play a drawn task as it is."""


PRESETS: Mapping[str, Rules] = {
    "ours": Rules(repetition=1.0, floor=0.25, agreement=True, low=0.3, high=0.8),
    "r_zero": Rules(repetition=1.0, low=0.3, high=0.8),
    "serl": Rules(
        solvers=16, pays="nothing", alike=0.7, drops_repeats=True, low=0.2, high=0.8, examples=6, kept_examples=2,
        least_words=4, most_words=150,
    ),
    "ttrl": Rules(solvers=64, tasks="given", pays="nothing", learning=32),
    "eva": Rules(solvers=6, tasks="rewritten", pays="nothing"),
}  # fmt: skip


def rules_of(preset: str, changed: Mapping[str, Any]) -> Rules:
    """Return the rules of a preset with some changed. Raises ConfigError for what is no rule or makes no game."""
    if preset not in PRESETS:
        raise ConfigError(f"there is no preset {preset!r}; there are {', '.join(PRESETS)}")
    for name, value in changed.items():
        if name not in Rules._fields:
            raise ConfigError(f"there is no rule {name!r}; there are {', '.join(Rules._fields)}")
        _check_kind(name, value)
    rules = PRESETS[preset]._replace(**changed)
    _check(rules)
    return rules


def _check_kind(name: str, value: Any) -> None:
    """Raise ConfigError for a value of another kind than the rule is of."""
    wanted = _KINDS[name]
    if words := get_args(wanted):
        if value not in words:
            raise ConfigError(f"{name} = {value!r}: choose {' or '.join(words)}")
    elif wanted is float:
        if type(value) not in (int, float):
            raise ConfigError(f"{name} = {value!r} is no number")
    elif type(value) is not wanted:
        raise ConfigError(f"{name} = {value!r}: give {_NAMES[wanted]}")


_KINDS: Mapping[str, Any] = get_type_hints(Rules)
_NAMES: Mapping[type, str] = {int: "a whole number", bool: "true or false", str: "a name"}


def _check(rules: Rules) -> None:
    for name in ("floor", "alike", "chosen", "unchanged"):
        if not 0 <= getattr(rules, name) <= 1:
            raise ConfigError(f"{name} = {getattr(rules, name):g} is a share: give 0 to 1")
    if not 0 <= rules.low <= rules.high <= 1:
        raise ConfigError(f"low = {rules.low:g} and high = {rules.high:g}: give 0 ≤ low ≤ high ≤ 1")
    if rules.solvers < 1 or not 0 <= rules.learning <= rules.solvers:
        raise ConfigError(
            f"solvers = {rules.solvers} and learning = {rules.learning}: give one solver or more, and of them at most "
            "so many that learn"
        )
    if not 0 <= rules.least_words <= rules.most_words:
        raise ConfigError(f"least_words = {rules.least_words} and most_words = {rules.most_words} leave no task")
    if min(rules.examples, rules.kept_examples) < 0 or not 0 <= rules.repetition < float("inf"):
        raise ConfigError("examples, kept_examples and repetition are 0 or more")
    if not -1 <= rules.unreadable <= 0:
        raise ConfigError(f"unreadable = {rules.unreadable:g}: what is no task pays from -1 to 0")
    if rules.informativeness not in INFORMATIVENESS:
        raise ConfigError(f"informativeness = {rules.informativeness!r}: choose {' or '.join(INFORMATIVENESS)}")
    if rules.tasks == "given" and rules.pays != "nothing":
        raise ConfigError("tasks = 'given' has nobody to be paid for writing them: set pays = 'nothing'")
    if rules.agreement and rules.solvers < 2:
        raise ConfigError("agreement is one of two halves of the solvers: give two solvers or more")
