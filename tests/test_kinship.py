"""Who is of one mind with whom: models by name and by weights, adapters by their base, and copies of a learner."""

import json

import pytest

from arena import checkpoint
from arena.errors import ConfigError
from arena.kinship import origins


def related(one, other):
    return bool(origins(one) & origins(other))


def model(folder, weights="w"):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_text(weights)
    return folder


def adapter(folder, base):
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
    (folder / "adapter_model.safetensors").write_text(folder.name)
    return folder


def snapshot(run, name, player="net(hidden=[4])"):
    folder = run / "checkpoints" / name
    checkpoint.write(
        folder,
        checkpoint.Manifest(player, name, 1, "", "", []),
        lambda draft: (draft / "weights.safetensors").write_text(name),
    )
    return folder


@pytest.mark.parametrize(
    ("one", "other", "kin"),
    [
        ("chat(model='Qwen/Qwen3-4B')", "chat(model='Qwen/Qwen3-4B', temperature=0)", True),
        ("chat(model='Qwen/Qwen3-4B')", "chat(model='qwen/qwen3-4b', engine='vllm')", True),
        ("chat(model='Qwen/Qwen3-4B')", "language_model(model='Qwen/Qwen3-4B', rank=8)", True),
        ("chat(model='gpt-5', engine='openai')", "chat(model='gpt-5', engine='openai', base_url='https://x')", True),
        ("chat(model='Qwen/Qwen3-4B')", "chat(model='Qwen/Qwen3-8B')", False),
        ("by_role(player=\"language_model(model='m')\")", "chat(model='m')", True),
        ("process(command='./bot')", "process(command='./bot', move_seconds=3)", True),
        ("process(command='./bot')", "process(command='./other')", False),
        ("human", "human", True),
        ("mine.py:Thinks", "mine.py:Thinks(deep=True)", True),
        ("mine.py:Thinks", "mine.py:Other", False),
        ("uniform", "uniform", False),
        ("debater(slip=0.1)", "debater", False),
        ("net(hidden=[4])", "net(hidden=[4])", False),
    ],
)
def test_specs(one, other, kin):
    assert related(one, other) is kin
    assert related(other, one) is kin


def test_a_model_in_a_folder_is_known_by_its_place_and_by_its_weights(tmp_path):
    here, copy = model(tmp_path / "here"), model(tmp_path / "copy")
    other = model(tmp_path / "other", "v")
    link = tmp_path / "link"
    link.symlink_to(here)
    assert related(str(here), f"chat(model='{here}', temperature=0)")
    assert related(str(here), str(copy))
    assert related(str(here), f"chat(model='{link}')")
    assert not related(str(here), str(other))


def test_adapters_are_the_model_below_them(tmp_path):
    base = model(tmp_path / "base")
    one, two = adapter(tmp_path / "one", base), adapter(tmp_path / "two", base)
    named = adapter(tmp_path / "named", "Qwen/Qwen3-4B")
    assert related(str(one), str(two))
    assert related(str(one), str(base))
    assert related(f"chat(model='{base}', adapter='{one}')", f"chat(model='{base}')")
    assert related(str(named), "chat(model='Qwen/Qwen3-4B')")
    assert related(f"chat(model='else', adapter='{named}')", "chat(model='Qwen/Qwen3-4B')")
    assert not related(str(named), str(one))


def test_snapshots_of_one_learner_are_of_one_mind_and_so_is_the_model_that_a_run_began_with(tmp_path):
    run = tmp_path / "run"
    early, late, rival = (snapshot(run, name) for name in ("main-100", "main-200", "rival-100"))
    assert related(str(early), str(late))
    assert not related(str(early), str(rival))
    assert not related(str(early), str(snapshot(tmp_path / "elsewhere", "main-300")))
    assert related(str(early), str(snapshot(tmp_path / "copied", "main-100")))
    model(run / "base")
    assert related(str(early), f"chat(model='{run / 'base'}')")
    assert related(str(early), str(rival))


def test_a_learner_with_a_part_for_each_role_is_the_model_of_its_parts(tmp_path):
    whole = snapshot(tmp_path / "run", "main-100", "by_role(player='')")
    part = adapter(whole / "first", "Qwen/Qwen3-4B")
    manifest = json.loads((whole / "manifest.json").read_text())
    (part / "manifest.json").write_text(json.dumps({**manifest, "files": {}}))
    assert related(str(whole), "chat(model='Qwen/Qwen3-4B')")


def test_what_is_no_spec_is_refused():
    with pytest.raises(ConfigError):
        origins("chat(model=")


def test_whoever_asks_another_player_is_of_its_mind():
    qwen = "chat(model='Qwen/Qwen3-4B')"
    for spec in (f"step_filter(player={qwen!r}, critic='uniform')", f"best_of(player='uniform', critic={qwen!r})"):
        assert origins(spec) == origins(qwen) != frozenset()
