"""Two answers of the same weights, and of others."""

import pytest

from arena.players.engines.probe import PROBES, SLACK, Probe, alike

ALONE = Probe([{1: -0.1, 2: -2.5}, {3: -0.700, 4: -0.702}, {5: -0.2, 6: -1.9}])


def test_every_member_is_asked_more_than_one_thing() -> None:
    assert len(set(PROBES)) > 1


@pytest.mark.parametrize(
    ("together", "same"),
    [
        (ALONE.said, True),
        ([{1: -0.105, 2: -2.5}, {3: -0.7, 4: -0.7}, {5: -0.2, 6: -1.9}], True),
        ([{1: -0.2, 2: -2.5}, {3: -0.7, 4: -0.7}, {5: -0.2, 6: -1.9}], False),  # another likelihood
        ([{2: -2.5, 1: -2.6}, {3: -0.7, 4: -0.7}, {5: -0.2, 6: -1.9}], False),  # another token, that was unlikely
        ([{9: -0.1, 2: -2.5}, {3: -0.7, 4: -0.7}, {5: -0.2, 6: -1.9}], False),  # a token that was not among the first
        ([{1: -0.1, 2: -2.5}, {4: -0.700, 3: -0.702}, {8: -3.0, 7: -4.0}], True),  # after a tie all may be otherwise
        ([{1: -0.1, 2: -2.5}, {3: -0.700, 4: -0.702}, {8: -3.0, 7: -4.0}], False),
    ],
)
def test_the_same_weights_are_known_by_what_they_say(together, same: bool) -> None:
    assert alike(ALONE, Probe(together), SLACK["float32"]) is same
