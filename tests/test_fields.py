import json

import pytest

from arena.config import LeagueConfig, TournamentConfig, load
from tests.config_files import LEAGUE, TOURNAMENT, written


@pytest.mark.parametrize("name", ["net(hidden=[8, 8]), 'a': \"b\" #2 + 1.5_x-3", "नेट", "甲-乙", "$x^$", "[red]a[/]"])
def test_labels_may_be_almost_anything(tmp_path, name):
    line = f'{json.dumps(name, ensure_ascii=False)} = "uniform"\n'
    assert name in load(written(tmp_path, TOURNAMENT + line), TournamentConfig).entrants
    assert name in load(written(tmp_path, LEAGUE + f"[anchors]\n{line}"), LeagueConfig).anchors
