"""What training remembers of all earlier matches, where a game needs that: tasks that repeat, tasks to go on from.

The rules of a game are pure and see one match. What a challenger is paid may still depend on what it has written
before, and what chance may draw on what was played. A game that needs this has a `history()`, made once per learner; it
stands between the matches that were played and what is learned from them, and is a part of the checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from arena.game import Game
from arena.record import Record

Payoffs = tuple[float | None, ...]


class History(Protocol):
    """The memory of one learner's training in one game. All of it follows from the matches that it was shown.

    It is the run's and not the weights': a learner that starts afresh, inherits or goes back keeps it.
    """

    def game(self) -> Game[Any]:
        """Return the game as the next update plays it. Its fingerprint is that of the game itself."""

    def payoffs(self, records: Sequence[Record]) -> Sequence[Payoffs]:
        """Return what each match of one update pays in training, by seat; nothing is remembered of them yet.

        None: from this seat nothing is learned. `records` are in the order of their keys.
        """

    def remember(self, records: Sequence[Record]) -> None:
        """Take all matches of an update, once it is over."""

    def state(self) -> Any:
        """Return everything as JSON values."""

    def restore(self, state: Any) -> None:
        """Take what `state` returned."""
