"""What a benchmark beside a run asks for; that it is made before, during and after is in test_watch.py."""

from arena.config.league_file import TransferConfig
from arena.registry import parse
from arena.trainers.transfer import _asked_for


def test_longer_replies_than_a_move_are_asked_for() -> None:
    config = TransferConfig(questions="q.jsonl", max_tokens=99, thinking=True)
    spec = parse(_asked_for("chat(model='m', answer='boxed')", config))
    assert spec.target == "chat"
    assert spec.parameters == {"model": "m", "answer": "boxed", "max_tokens": 99, "thinking": True}
    assert parse(_asked_for("runs/a/checkpoints/main-2()", config)).target == "runs/a/checkpoints/main-2"
