"""A kernel and the plain rules, walked side by side."""

import numpy as np

from arena.kernel import ByRules, many_states


def assert_kernel_agrees(game, games, seed=0):
    """Play random games on both, and compare at every step all that either says."""
    rng = np.random.default_rng(seed)
    kernel, rules = many_states(game, games, rng), ByRules(game, games, rng)
    assert type(kernel) is not ByRules
    while (playing := np.flatnonzero(kernel.movers() >= 0)).size:
        assert (kernel.movers() == rules.movers()).all()
        mask = kernel.mask(playing)
        assert (mask == rules.mask(playing)).all()
        seen, expected = kernel.encode(playing), rules.encode(playing)
        assert (seen.dtype, seen.shape) == (expected.dtype, expected.shape)
        assert (seen == expected).all()
        assert all(kernel.state(i) == rules.state(i) for i in playing.tolist())
        # Some wait, so that games of different lengths are stepped together.
        moving = rng.random(len(playing)) < 0.9
        actions = (rng.random(mask.shape) * mask).argmax(axis=1)
        for states in (kernel, rules):
            states.step(playing[moving], actions[moving])
    assert (kernel.movers() == rules.movers()).all()
    assert (kernel.returns() == rules.returns()).all()
    assert all(kernel.state(i) == rules.state(i) for i in range(games))
    return kernel
