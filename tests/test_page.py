import json
import re
import tomllib
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest

from arena.errors import ConfigError, RatingError, StoreError
from arena.store import Store
from arena.tournaments import page
from arena.tournaments.page import ASSETS, SCRIPTS, embedded, write
from tests.page_runs import SCRIPT, hostile_tournament

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return hostile_tournament(tmp_path_factory.mktemp("runs") / "hostile")


def test_the_page_lies_in_the_run_and_is_the_same_every_time(run, tmp_path):
    file = write(run)
    assert file == run / "report.html"
    assert write(run, tmp_path / "copy.html").read_bytes() == file.read_bytes()
    assert file.stat().st_size < 5_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["copy.html"]


def test_what_players_say_cannot_leave_its_block(run):
    text = write(run).read_text(encoding="utf-8")
    assert SCRIPT not in text
    assert text.count("<script") == text.count("</script>") == 3
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert not set("<>&\u2028\u2029") & set(found[1])
    assert SCRIPT in json.loads(found[1])["players"]


@pytest.mark.parametrize("text", [SCRIPT, "<!--", "]]>", "\u2028\u2029", "\ud800", "é", "\\", '"'])
def test_embedded_json_is_what_it_was(text):
    shown = embedded({text: [text]})
    assert json.loads(shown) == {text: [text]}
    assert shown.isascii()
    assert not set("<>&") & set(shown)


def test_a_title_is_text(run, tmp_path):
    named = tmp_path / "<b>&amp;"
    run.rename(named)
    try:
        assert "<title>&lt;b&gt;&amp;amp;: tic_tac_toe</title>" in write(named).read_text(encoding="utf-8")
    finally:
        named.rename(run)


def test_the_policy_names_every_script_and_style_and_nothing_else(run):
    text = write(run).read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    parts = re.findall(r"<script>(.*?)</script>|<style>(.*?)</style>", text, re.DOTALL)
    hashes = {f"'sha256-{b64encode(sha256((a or b).encode()).digest()).decode()}'" for a, b in parts}
    assert hashes == set(re.findall(r"'sha256-[^']+'", policy))
    assert len(hashes) == 3


def test_an_older_page_stays_whole_if_writing_fails(run, monkeypatch):
    file = write(run)
    before = file.read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(page.os, "replace", fail)
    with pytest.raises(ConfigError, match="cannot be written: No space left on device"):
        write(run)
    assert file.read_bytes() == before
    assert not list(run.glob("*.draft"))


def test_mistakes_are_one_sentence(run, tmp_path):
    with pytest.raises(ConfigError, match=r"end its name in \.html"):
        write(run, tmp_path / "page.pdf")
    with pytest.raises(ConfigError, match="cannot be written"):
        write(run, tmp_path / "nowhere" / "page.html")
    with pytest.raises(StoreError, match="holds no run"):
        write(tmp_path)
    with Store.open(tmp_path / "new") as store, store.transaction():
        config = {"game": "kuhn_poker", "entrants": {"a": "uniform"}, "anchor": None, "block_pairs": 5}
        store.put_meta({"config": config})
    with pytest.raises(RatingError, match="no rated matches yet"):
        write(tmp_path / "new")


def test_the_library_is_as_its_readme_says_and_everything_is_packaged():
    readme = (ASSETS / "README.md").read_text(encoding="utf-8")
    library = (ASSETS / "chart.umd.min.js").read_bytes()
    assert sha256(library).hexdigest() in readme
    version = re.search(rb"Chart\.js v([\d.]+)", library)[1].decode()
    assert f"chart.js {version}," in readme
    assert "Permission is hereby granted" in (ASSETS / "chart.umd.min.LICENSE.md").read_text(encoding="utf-8")
    packaged = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    found = {path for pattern in packaged["arena.tournaments"] for path in ASSETS.parent.glob(pattern)}
    assert set(ASSETS.iterdir()) <= found


def test_scripts_can_be_read_and_never_make_elements_from_text():
    assert set(SCRIPTS) | {"chart.umd.min.js"} == {path.name for path in ASSETS.glob("*.js")}
    for name in SCRIPTS:
        text = (ASSETS / name).read_text(encoding="utf-8")
        assert text.count("\n") <= 400
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
        assert not re.search(r"fetch\(|XMLHttpRequest|WebSocket|import\(|https?://(?!www\.w3\.org/2000/svg)", text)
