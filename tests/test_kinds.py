"""Kinds of engines; that their packages are missed with a sentence is in test_chat.py."""

import pytest

from arena.errors import ConfigError
from arena.players.engines.kinds import engine_class, maker


def test_what_has_a_meaning_of_its_own_goes_before_options() -> None:
    make, arguments = maker("transformers", "models/a", True, {"slots": 3}, {"slots": 9, "device": "cpu"})
    assert make.__name__ == "TransformersEngine"
    assert arguments == {"model": "models/a", "slots": 3, "device": "cpu", "template": {"enable_thinking": True}}


def test_templates_may_be_told_otherwise() -> None:
    _, arguments = maker("transformers", "a", False, {}, {"template": {"enable_thinking": True, "style": 2}})
    assert arguments["template"] == {"enable_thinking": True, "style": 2}


def test_unknown_names_get_a_hint() -> None:
    with pytest.raises(ConfigError, match="did you mean 'transformers'"):
        engine_class("transformer")
    with pytest.raises(ConfigError, match="has no option 'sloths'; known: model, device, dtype, slots, template"):
        maker("transformers", "a", False, {}, {"sloths": 3})
