"""Whether `resample` is fair: the seat sees what it saw, and what is hidden follows the law it should."""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from arena.game import Game
from arena.seeds import generator


def assert_fair(
    game: Game[Any], s: Any, seat: int, hidden: Callable[[Any], Hashable], law: Mapping[Any, float], draws: int
) -> None:
    """Draw states and compare what `hidden` reads from them with its law, by a chi-square test."""
    rng, counts = generator(0, "resample", game.name, seat), Counter()
    for _ in range(draws):
        other = game.resample(s, seat, rng)
        assert game.turn(other) == game.turn(s)
        counts[hidden(other)] += 1
    # What a seat knows is looked at once per possible world, since that takes longer than to draw it.
    for other in {game.resample(s, seat, rng) for _ in range(50)}:
        assert game.view(other, seat) == game.view(s, seat)
        if game.turn(s) == seat:
            assert game.legal(other, seat) == game.legal(s, seat)
            assert (game.encode(other, seat) == game.encode(s, seat)).all()
    assert abs(sum(law.values()) - 1) < 1e-9
    assert set(counts) <= set(law)
    statistic = sum((counts[key] - draws * p) ** 2 / (draws * p) for key, p in law.items())
    freedom = len(law) - 1
    if not freedom:
        return
    # The cube root of a chi-square variable is nearly normal (Wilson and Hilferty, 1931).
    spread = 2 / (9 * freedom)
    assert ((statistic / freedom) ** (1 / 3) - (1 - spread)) / spread**0.5 < 4
