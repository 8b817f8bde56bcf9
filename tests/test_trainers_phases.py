"""Schedules against those that were published, and the smallest game in which their order decides."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from arena.config.phases import PhasesConfig
from arena.trainers.phases import Phase, phase


def written(options, updates, seed=0):
    """Return the schedule as letters: records, self-play, and self-play against the frozen."""
    phases = [phase(options, update, seed) for update in range(updates)]
    return "".join("R" if each.learn_from == "records" else "F" if each.frozen else "S" for each in phases)


@pytest.mark.parametrize(
    ("options", "schedule"),
    [
        (PhasesConfig(), "S" * 12),
        (PhasesConfig(opening=5), "RRRRR" + "S" * 7),  # sup2sp
        (PhasesConfig(after="interleaved", self_play=3, supervised=2), "SSSRRSSSRRSS"),  # sched
        (PhasesConfig(opening=2, after="interleaved", self_play=3, supervised=1), "RRSSSRSSSRSS"),
        (PhasesConfig(after="interleaved", self_play=3, supervised=2, frozen=1.0), "FFFRRFFFRRFF"),  # sched_frz
        (PhasesConfig(after="random", supervised_share=1.0), "R" * 12),
        (PhasesConfig(after="random", supervised_share=0.0, frozen=1.0), "F" * 12),
    ],
)
def test_schedules_without_chance(options, schedule):
    assert written(options, 12) == schedule


def test_the_published_numbers_are_the_defaults():
    once = written(PhasesConfig(after="interleaved"), 50)
    assert once == ("S" * 20 + "R" * 5) * 2


def test_rand_tosses_a_coin_at_every_update():
    schedule = written(PhasesConfig(after="random"), 2000)
    assert schedule.count("R") == pytest.approx(1000, abs=90)  # four deviations
    assert sum(a != b for a, b in pairwise(schedule)) == pytest.approx(1000, abs=90)


def test_sched_rand_frz_freezes_a_share_of_self_play_and_never_records():
    options = PhasesConfig(after="interleaved", self_play=20, supervised=5, frozen=0.25)
    schedule = written(options, 2500)
    assert schedule.count("F") == pytest.approx(500, abs=80)
    assert schedule.count("R") == 500
    assert schedule.replace("F", "S") == written(PhasesConfig(after="interleaved"), 2500)


def test_an_update_is_what_it_is_however_one_comes_to_it():
    options = PhasesConfig(after="random", frozen=0.5)
    straight = [phase(options, update, 7) for update in range(200)]
    assert [phase(options, update, 7) for update in reversed(range(200))] == straight[::-1]
    assert [phase(options, update, 8) for update in range(200)] != straight
    assert set(straight) == {Phase("records", False), Phase("self_play", False), Phase("self_play", True)}


def test_roles_learn_in_turn():
    options = PhasesConfig(in_turn={"challenger": 2, "solver": 3}, opening=1)
    roles = [phase(options, update, 0).role for update in range(11)]
    assert roles == [None, *["challenger", "challenger", "solver", "solver", "solver"] * 2]
    assert phase(PhasesConfig(), 3, 0).role is None


def test_turns_are_counted_in_self_play_alone():
    options = PhasesConfig(after="interleaved", self_play=1, supervised=1, in_turn={"challenger": 1, "solver": 1})
    assert [phase(options, update, 0).role for update in range(6)] == [
        "challenger",
        None,
        "solver",
        None,
        "challenger",
        None,
    ]


# A Lewis game of two objects and two words. The speaker names an object, the listener says which was meant, and both
# are paid for being right. The language to be learned calls object k by word k.


class Pair(NamedTuple):
    """Logits of many speakers and listeners who begin differently."""

    speaker: np.ndarray
    """(R, object, word)."""
    listener: np.ndarray
    """(R, word, object)."""

    @property
    def task(self):
        """(R,) how often they understand each other."""
        return np.einsum("row,rwo->r", softmax(self.speaker), softmax(self.listener)) / 2

    @property
    def language(self):
        """(R,) how often the speaker uses the word of the language: what drifts where nobody looks."""
        return np.einsum("roo->r", softmax(self.speaker)) / 2


def softmax(logits):
    each = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return each / each.sum(axis=-1, keepdims=True)


def strangers(number=400):
    rng = np.random.default_rng(0)
    return Pair(rng.normal(0, 0.1, (number, 2, 2)), rng.normal(0, 0.1, (number, 2, 2)))


def up(logits, reward, rate=2.0):
    """Return logits one step up the gradient of Σ softmax(logits) · reward, exactly and for every row by itself."""
    policy = softmax(logits)
    return logits + rate * policy * (reward - (policy * reward).sum(axis=-1, keepdims=True))


def toward(logits, labelled, rate=0.2):
    """Return logits one step up the likelihood of the language, in the rows that are labelled."""
    step = rate * (np.eye(2) - softmax(logits))
    step[:, labelled:] = 0
    return logits + step


def learn(pair, options, updates, labelled=1, first=0):
    """Go through a schedule, with so many labelled pairs of object and word for its supervised updates."""
    for update in range(first, first + updates):
        now = phase(options, update, seed=0)
        if now.learn_from == "records":
            pair = Pair(toward(pair.speaker, labelled), toward(pair.listener, labelled))
            continue
        heard, meant = softmax(pair.listener).swapaxes(1, 2) / 2, softmax(pair.speaker).swapaxes(1, 2) / 2
        pair = Pair(pair.speaker if now.frozen else up(pair.speaker, heard), up(pair.listener, meant))
    return pair


def test_self_play_alone_ends_in_either_language_with_equal_chances():
    end = learn(strangers(), PhasesConfig(), 200)
    assert end.task.min() > 0.95
    right = end.language > 0.95
    assert (end.language[~right] < 0.05).all()
    assert right.mean() == pytest.approx(0.5, abs=0.1)  # four deviations


def test_one_labelled_pair_before_self_play_settles_the_language():
    end = learn(strangers(), PhasesConfig(opening=20), 220)
    assert end.task.min() > 0.95
    assert end.language.min() > 0.95


ORDERS = {
    "first": PhasesConfig(opening=200),
    "last": PhasesConfig(after="interleaved", self_play=200, supervised=200),
}


def test_self_play_first_makes_a_language_of_its_own_half_of_the_time_which_is_then_to_be_unlearned():
    """A task accuracy of 1 hides a language accuracy of 0, and a labelled pair then breaks the task as well."""
    before = learn(strangers(), ORDERS["last"], 200)
    drifted = before.language < 0.05
    assert drifted.mean() == pytest.approx(0.5, abs=0.1)
    assert before.task[drifted].min() > 0.95
    after = learn(before, ORDERS["last"], 200, first=200)
    assert after.language[~drifted].min() > 0.95
    assert after.language[drifted].max() < 0.55  # the word of the other object is still the wrong one
    assert after.task[drifted].max() < 0.6
    assert learn(strangers(), ORDERS["first"], 400).language.min() > 0.95  # the same updates the other way round


def test_unlearning_takes_longer_than_learning():
    """Supervised updates, with both pairs labelled, until the speaker uses the language nine times of ten."""

    def needed(pair):
        for updates in range(500):
            if pair.language.min() > 0.9:
                return updates
            pair = learn(pair, PhasesConfig(opening=1), 1, labelled=2)
        return 500

    settled = learn(strangers(), PhasesConfig(), 200)
    drifted = settled.language < 0.05
    assert needed(Pair(settled.speaker[drifted], settled.listener[drifted])) > 1.3 * needed(strangers())


@pytest.mark.parametrize(
    "options",
    [
        PhasesConfig(after="interleaved", self_play=1, supervised=1),
        PhasesConfig(after="random"),
        PhasesConfig(opening=20, after="interleaved", self_play=4, supervised=1),
    ],
)
def test_both_in_turn_settle_the_language_too(options):
    end = learn(strangers(), options, 600)
    assert end.task.min() > 0.95
    assert end.language.min() > 0.95


def test_without_an_opening_twenty_and_five_leave_a_code_as_it_is():
    """The first twenty updates choose a code before the language is heard: of 400 pairs 41% stay with the wrong one."""
    end = learn(strangers(), PhasesConfig(after="interleaved"), 600)
    assert 0.25 < (end.language < 0.1).mean() < 0.5
    assert end.task.min() > 0.8


def test_a_frozen_speaker_keeps_its_language_and_the_listener_learns_it():
    taught = learn(strangers(), PhasesConfig(opening=30), 30, labelled=2)
    end = learn(taught._replace(listener=strangers().listener), PhasesConfig(frozen=1.0), 300)
    assert end.language.tolist() == taught.language.tolist()
    assert end.task.min() > taught.task.max()
