"""A choice among whole answers, by the model's law given that its reply is one of them.

The probability of an answer is proportional to that of the whole of it, the end included, to the power of one over
the temperature. To mask impossible tokens one at a time is another law: it commits itself to a beginning before it
has seen how unlikely the rest is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def log_law(logp: ArrayLike, temperature: float) -> NDArray[np.float64]:
    """Return the log-probability of each answer; at temperature 0 all mass lies on the first of the likeliest.

    `logp` is that of each as the whole reply at temperature 1, in nats: the sum over its tokens and the end.
    """
    total = np.asarray(logp, np.float64)
    if temperature == 0:
        return np.where(np.arange(len(total)) == total.argmax(), 0.0, -np.inf)
    law: NDArray[np.float64] = total / temperature
    law -= np.logaddexp.reduce(law)
    return law


def choose(
    answers: Sequence[Sequence[int]], logp: Sequence[float], temperature: float, number: float
) -> tuple[int, NDArray[np.float64]]:
    """Draw one of several answers, given as token ids; return which, and how likely.

    `number` in [0, 1) says which is drawn. Second, the log-probability of each of its ids among the answers that
    begin alike: they add up to that of the answer.
    """
    law = log_law(logp, temperature)
    mass = np.exp(law).cumsum()
    choice = min(int(np.searchsorted(mass, number * mass[-1], side="right")), len(mass) - 1)
    chosen = list(answers[choice])
    left = [
        np.logaddexp.reduce([p for p, other in zip(law, answers, strict=True) if list(other[:n]) == chosen[:n]])
        for n in range(len(chosen) + 1)
    ]
    return choice, np.diff(left)
