"""Parts of an update in several processes: the same sums as in one, whatever becomes of the others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic, sleep

import numpy as np
import pytest
import torch

from arena.config import LeagueConfig
from arena.errors import ConfigError
from arena.trainers.data_parallel import Work
from arena.trainers.optimiser import Adam
from arena.trainers.trainer import Lessons
from tests.bigrams import PAIRS, UNTOLD, batch_by, gradients, policy_of, trainer_of
from tests.test_distinct_turns import batch_of

UNEVEN = np.array([1.7, -1.7, -1.1, 1.1, 0.4, -0.4])
"""Payoffs of which no sum is 0: Adam makes a whole step of whatever rounding leaves of a gradient of 0."""
STEADY = {"kl_weight": 0.3, "reverse_kl_weight": 0.1, "reference_rate": 0.5, "entropy_weight": 0.01}
"""Whatever an update may read: the reference, which follows the policy."""
SEVERAL = {"epochs": 2, "minibatches": 2, "batch_tokens": 4, "value_weight": 0.5}


def squared(policy, reference, part):
    """Return a loss whose gradient is the part, and twice the part."""
    return part * policy.logits.sum(), 2 * part


def fails(policy, reference, part):
    if part == 2:
        raise RuntimeError("Out of memory")
    return None, part


def work_of(policy, processes: int) -> Work:
    return Work(policy, policy.frozen(), Adam(policy.parameters(), 0.1, 10), processes)


def test_several_processes_learn_what_one_learns() -> None:
    ends = []
    for processes in (1, 3):
        trainer = trainer_of(policy_of(1, predicts=True), processes=processes, **STEADY, **SEVERAL)
        reports = []
        for seed in range(3):
            batch = batch_by(trainer.policy, engine_off=0.1 * seed, payoff=UNEVEN)
            reports.append(trainer.update(batch))
        trainer.update(Lessons(batch_of(PAIRS, payoff=UNTOLD)))
        ends.append((trainer, reports))
    (one, told), (other, said) = ends
    for mine, theirs in zip(one.policy.parameters(), other.policy.parameters(), strict=True):
        assert torch.allclose(mine, theirs, rtol=0, atol=1e-12)
    assert torch.allclose(one.reference.logits, other.reference.logits, rtol=0, atol=1e-12)
    for mine, theirs in zip(told, said, strict=True):
        assert mine[:3] == pytest.approx(theirs[:3], abs=1e-12)
        for name in mine.others.keys() - {"update_seconds", "sync_seconds"}:
            assert mine.others[name] == pytest.approx(theirs.others[name], abs=1e-12)


def test_a_run_goes_on_with_another_number_of_processes(tmp_path: Path) -> None:
    first = trainer_of(policy_of(2), processes=1, **STEADY, batch_tokens=4)
    first.update(batch_by(first.policy))
    first.save(tmp_path)
    found = []
    for processes in (1, 2):
        later = trainer_of(policy_of(2), processes=processes, **STEADY, batch_tokens=4)
        later.update(batch_by(later.policy, engine_off=0.3))  # whose weights and reference are lost
        with torch.no_grad():
            later.policy.logits.copy_(first.policy.logits)
        later.policy.version = first.policy.version
        later.load(tmp_path)
        later.update(batch_by(later.policy))
        found.append(later.policy.logits.detach())
    assert torch.allclose(*found, rtol=0, atol=1e-12)


def test_a_run_is_the_same_whatever_computes_it() -> None:
    one, other, different = (
        LeagueConfig.model_validate(
            {
                "game": "kuhn_poker",
                "learners": {"main": {"player": "language_model(model='base')"}},
                "anchors": {"uniform": "uniform"},
                "training": {"algorithm": "token_policy_gradient", "updates": 1, "token_policy_gradient": options},
            }
        ).identity
        for options in ({"processes": 1}, {"processes": 8}, {"epochs": 2})
    )
    assert one == other != different


def test_results_come_in_the_order_of_the_parts_and_gradients_add_up() -> None:
    policy = policy_of(3)
    work = work_of(policy, 3)
    for parts in ([], [1], [1, 2], [1, 2, 3, 4, 5, 6, 7]):
        assert work.each(squared, parts) == [2 * part for part in parts]
    assert policy.logits.grad is not None
    assert np.allclose(policy.logits.grad.numpy(), 1 + 3 + 28)


def test_a_process_that_fails_says_why() -> None:
    with pytest.raises(ConfigError, match=r"learner 1 has failed.*RuntimeError: out of memory; start the run again"):
        work_of(policy_of(3), 2).each(fails, [1, 2, 3])


def stumbles(policy, reference, part):
    """Fail here, and not in the other processes."""
    if getattr(policy, "leads", False):
        raise RuntimeError("out of memory")
    return squared(policy, reference, part)


def test_nothing_is_left_of_what_has_failed() -> None:
    policy = policy_of(3)
    policy.leads = True
    work = work_of(policy, 2)
    with pytest.raises(RuntimeError):
        work.each(stumbles, [1, 2])
    assert work.each(squared, [5, 7]) == [10, 14]
    assert np.allclose(policy.logits.grad.numpy(), 5 + 7)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_process_that_is_killed_stops_the_update() -> None:
    work = work_of(policy_of(3), 2)
    work.each(squared, [1, 2])
    os.kill(work._copies[0].process.pid, signal.SIGKILL)
    with pytest.raises(ConfigError, match=r"learner 1 has failed.*exit code -9"):
        work.each(squared, [1, 2])


ALONE = """
from tests.test_data_parallel import policy_of, squared, work_of
if __name__ == "__main__":
    work = work_of(policy_of(3), 3)
    work.each(squared, [1, 2, 3])
    print(*(copy.process.pid for copy in work._copies), flush=True)
    input()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_no_process_outlives_the_one_that_it_works_for(tmp_path: Path) -> None:
    file = tmp_path / "alone.py"
    file.write_text(ALONE)
    paths = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    leader = subprocess.Popen(
        [sys.executable, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
        text=True,
    )
    assert leader.stdout is not None
    others = [int(pid) for pid in leader.stdout.readline().split()]
    assert len(others) == 2
    leader.kill()
    leader.communicate()
    until = monotonic() + 20
    while monotonic() < until and any(alive(pid) for pid in others):
        sleep(0.1)
    assert not any(alive(pid) for pid in others)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("rank", [0, 4])
def test_a_language_model_learns_in_two_processes_as_in_one(rank: int) -> None:
    from arena.players.language_model import language_model  # here, so that processes of the other tests begin quickly
    from tests.language import tiny_folder

    pairs = [([3, 4, 5, 6], [7, 8]), ([3, 4, 9], [10]), ([3, 4, 5], [11, 12, 13]), ([3, 14], [15])]
    columns = {"payoff": np.array([1.7, -1.7, 1.1, -1.1]), "match": np.array([0, 0, 1, 1])}
    batch = batch_of(pairs, role=np.array([0, 1, 0, 1]), **columns)
    ends = []
    for processes in (1, 2):
        policy = language_model(str(tiny_folder()), rank=rank, max_tokens=8, value=True, seed=5)
        trainer = trainer_of(policy, processes=processes, kl_weight=0.1, batch_tokens=8, value_weight=0.5)
        trainer.update(batch)  # another step, so that the copies have to be told of it
        ends.append(gradients(trainer, batch))
        policy.close()
    for one, other in zip(*ends, strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-6)
        assert one.abs().sum() > 0
