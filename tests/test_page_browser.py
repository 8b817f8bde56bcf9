"""The page in a real browser: opened from a file, without a network, at the widths of a desk and of a hand."""

import re
import shutil
from dataclasses import replace

import pytest

import arena
from arena.config import TournamentConfig
from arena.store import Store
from arena.tournaments.page import write
from arena.tournaments.run import Run
from arena.tournaments.tournament import standings
from tests.page_runs import PICTURE, SCRIPT, hostile_tournament, plain_tournament, small_league

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser's driver is missing: install .[test]")
CHROMIUM = shutil.which("chromium")
if CHROMIUM is None:
    pytest.skip("there is no chromium on this machine: apt-get install chromium", allow_module_level=True)

DESK, HAND = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return name → the file of a page."""
    folder = tmp_path_factory.mktemp("pages")
    made = {
        "board": plain_tournament(folder / "board"),
        "poker": plain_tournament(folder / "poker", "kuhn_poker"),
        "league": small_league(folder / "league"),
        "hostile": hostile_tournament(folder / "hostile"),
        "swiss": staged_tournament(folder / "swiss", "swiss", rounds=3),
        "bracket": staged_tournament(folder / "bracket", "double_elimination"),
    }
    return {name: write(run) for name, run in made.items()}


def staged_tournament(folder, form, **more):
    names = {"uniform": "uniform", "minimax": "minimax", "other": "uniform", "corner": 'script(prefer="1")'}
    config = TournamentConfig(
        game="tic_tac_toe", format=form, pairs=10, block_pairs=5, anchor="uniform", entrants=names, **more
    )
    arena.tournament(config, folder)
    return folder


class Visit:
    """An open page, and everything that it did and should not have."""

    def __init__(self, browser, file, address="", size=DESK, scheme="light"):
        self.page = browser.new_page(viewport=size, color_scheme=scheme)
        self.requests, self.complaints, self.dialogs = [], [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        self.url = f"{file.as_uri()}{address}"
        self.page.goto(self.url)

    def __enter__(self):
        return self.page

    def __exit__(self, kind, *_):
        self.page.close()
        if kind is None:
            assert self.requests == [self.url.partition("#")[0]]
            assert self.complaints == []
            assert self.dialogs == []


def names(page):
    return page.locator("#leaderboard tbody .name").all_inner_texts()


def count(page):
    return int(page.locator("#count").inner_text().split()[0].replace(",", ""))


@pytest.mark.parametrize("name", ["board", "poker", "league", "hostile", "swiss", "bracket"])
@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (HAND, "dark")])
def test_nothing_sticks_out_and_nothing_is_asked_of_a_network(browser, pages, name, size, scheme):
    with Visit(browser, pages[name], size=size, scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        page.locator(".key").first.click()
        page.keyboard.press("End")
        assert page.evaluate("document.documentElement.scrollWidth") == size["width"]
        assert page.evaluate("byId => document.getElementById('viewer').scrollWidth") <= size["width"]


def test_the_leaderboard_is_in_order_and_sorts(browser, pages):
    with Visit(browser, pages["board"]) as page:
        assert names(page)[0] == "minimax"
        assert page.locator("#leaderboard tr", has_text="uniform").locator(".badge").inner_text() == "Anchor"
        page.get_by_role("button", name="Player", exact=True).click()
        assert names(page) == ["minimax", "other", "uniform"]
        page.get_by_role("button", name="Player", exact=True).click()
        assert names(page) == ["uniform", "other", "minimax"]
        page.get_by_role("button", name="Lost", exact=True).click()
        assert page.locator('#leaderboard th[aria-sort="descending"]').inner_text().startswith("Lost")
        assert names(page)[-1] == "minimax"


@pytest.mark.parametrize("name", ["board", "poker", "league"])
def test_the_highest_elo_is_that_of_the_first_of_the_ladder(browser, pages, name):
    first = Run.of(pages[name].parent).ladder.rows[0]
    with Visit(browser, pages[name]) as page:
        words = page.locator("#facts div", has_text="Highest Elo").inner_text().split()
        assert words[2:4] == [f"{first.elo:.0f}", first.name]
        assert words[4:] == (["Provisional"] if first.standing == "provisional" else [])
    assert (first.standing == "provisional") == (name == "poker")  # so both kinds of leader are seen


@pytest.mark.parametrize(("name", "form"), [("swiss", "swiss"), ("bracket", "double elimination")])
def test_a_format_with_rounds_says_how_they_went(browser, pages, name, form):
    lines = standings(pages[name].parent)
    with Visit(browser, pages[name]) as page:
        assert page.locator("#subtitle").inner_text() == f"tic_tac_toe · {form} tournament"
        shown = page.locator("#standings li").all_inner_texts()
        assert [line.split() for line in shown] == [line.split() for line in lines]
        places = page.locator("#standings .aligned").all_inner_texts()
        assert len(places) == (4 if name == "swiss" else 0)
        assert len({line.index("points") for line in places}) == len(places[:1])  # they stand in columns
        boxes = [page.locator(part).bounding_box()["y"] for part in ("#facts", "#standings", "#leaderboard")]
        assert boxes == sorted(boxes)


def test_other_runs_have_no_standings(browser, pages):
    for name, kind in (("board", "round robin tournament"), ("league", "self-play league")):
        with Visit(browser, pages[name]) as page:
            assert page.locator("#subtitle").inner_text().split(" · ")[1] == kind
            assert not page.locator("#standings").is_visible()


def test_a_shade_marks_the_edge_where_a_table_goes_on(browser, pages):
    def edge(page):
        """Return the picture of a few pixels near the right edge, below the words of the last row."""
        box = page.locator("#leaderboard .scroller").bounding_box()
        clip = {"x": box["x"] + box["width"] - 14, "y": box["y"] + box["height"] - 8, "width": 4, "height": 4}
        return page.screenshot(clip=clip, full_page=True)

    with Visit(browser, pages["swiss"], size=HAND) as page:
        scroller = page.locator("#leaderboard .scroller")
        before = edge(page)
        scroller.evaluate("box => { box.scrollLeft = box.scrollWidth }")
        assert scroller.evaluate("box => box.scrollLeft") > 0
        assert edge(page) != before
    with Visit(browser, pages["swiss"]) as page:
        assert page.locator("#leaderboard .scroller").evaluate("box => box.scrollWidth <= box.clientWidth")


def test_how_far_a_place_can_be_trusted_stands_beside_the_name(browser, pages):
    ladder = Run.of(pages["hostile"].parent).ladder
    with Visit(browser, pages["hostile"]) as page:
        for name, badge in (("uniform", "Anchor"), ("resigns", "Provisional"), ("crashes", "Withdrawn")):
            assert page.locator("#leaderboard tr", has_text=name).locator(".badge").inner_text() == badge
        notes = page.locator("#leaderboard-notes").inner_text()
        assert f"Provisional resigns: {ladder['resigns'].note}." in notes
        assert f"Withdrawn {ladder['crashes'].note}." in notes


def test_poker_shows_payoff_first_and_payoffs_per_role(browser, pages):
    with Visit(browser, pages["poker"]) as page:
        heads = page.locator("#leaderboard thead th").all_inner_texts()
        assert heads.index("Payoff per match") < heads.index("Elo")
        assert {"Payoff as first", "Payoff as second"} <= set(heads)
        cells = page.locator("#payoffs tbody tr", has_text="bet").first.locator("td").all_inner_texts()
        assert "+0.38" in cells  # always betting against the uniform player: exactly 3/8
        assert "Opponent" in page.locator("#payoffs .corner").inner_text()


def test_where_nobody_is_rated_the_order_is_that_of_names(browser, pages, tmp_path):
    entrants = {"uniform": "uniform", "bet": 'script(prefer="bet")'}
    arena.tournament(TournamentConfig(game="kuhn_poker", pairs=2, entrants=entrants), tmp_path)
    with Visit(browser, write(tmp_path)) as page:
        assert "In order of names, as nobody has an Elo yet. Payoff" in page.locator("#leaderboard-lead").inner_text()
    with Visit(browser, pages["poker"]) as page:
        assert "In order of Elo, which counts" in page.locator("#leaderboard-lead").inner_text()


def test_a_league_draws_its_training(browser, pages):
    with Visit(browser, pages["league"]) as page:
        assert page.locator("#training").is_visible()
        assert page.locator("#training canvas").count() == 2
        drawn = "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x > 0)"
        assert all(canvas.evaluate(drawn) for canvas in page.locator("#training canvas").all())
        assert "NashConv" in page.locator("#leaderboard thead").inner_text()
    with Visit(browser, pages["board"]) as page:
        assert not page.locator("#training").is_visible()


def test_filters_count_what_the_run_holds(browser, pages):
    with Store.read(pages["board"].parent) as store:
        records = list(store.records())
    ours = [(r.returns[s], s) for r in records for s, name in enumerate(r.entrants) if name == "other"]
    with Visit(browser, pages["board"]) as page:
        assert count(page) == len(records) == 60
        assert page.locator("#matches tbody tr").count() == 20
        page.get_by_label("Next page").click()
        assert "Page 2 of 3" in page.locator("#pager").inner_text()
        page.get_by_label("Player").select_option(label="other")
        assert count(page) == len(ours) == 40
        assert "Page 1 of 2" in page.locator("#pager").inner_text()
        page.get_by_label("Outcome").select_option(label="Lost")
        assert count(page) == sum(paid < 0 for paid, _ in ours)
        page.get_by_label("Role").select_option(label="second")
        assert count(page) == sum(paid < 0 and seat == 1 for paid, seat in ours)
        page.get_by_role("button", name="Clear").click()
        sync_api.expect(page.locator("#count")).to_have_text("60 matches")
        page.get_by_label("Key", exact=True).fill(records[7].key[:12])
        assert count(page) == 1
        page.get_by_label("Key", exact=True).fill("nothing like it")
        assert "No match is like that" in page.locator("#matches-table").inner_text()


def test_ends_can_be_filtered(browser, pages):
    with Store.read(pages["hostile"].parent) as store:
        records = list(store.records())
    with Visit(browser, pages["hostile"]) as page:
        for label, stop in (("Forfeit", "forfeit"), ("Abandoned", "abandoned"), ("Finished", "finished")):
            page.get_by_label("End").select_option(label=label)
            assert count(page) == sum(record.stop == stop for record in records) > 0
        assert page.locator("#failures tbody tr").count() == 5


def test_costs_are_told_where_there_are_any(browser, pages):
    with Store.read(pages["hostile"].parent) as store:
        dearest = max(store.costs().values())
    with Visit(browser, pages["hostile"]) as page:
        page.locator("#costs").get_by_role("button", name="Dollars").click()
        cells = page.locator("#costs tbody tr").first.locator("td").all_text_contents()
        assert cells == [f"{dearest.dollars:,.4f}", f"{dearest.prompt_tokens:,}", "0"]
        assert page.locator("#costs tbody tr").count() == 2
    with Visit(browser, pages["board"]) as page:
        assert not page.locator("#costs").is_visible()


def pieces(page):
    return page.locator("#viewer .piece").all_text_contents()


def test_a_match_is_stepped_through(browser, pages):
    with Store.read(pages["board"].parent) as store:
        record = next(r for r in store.records() if len(r.turns) >= 7)
    with Visit(browser, pages["board"], f"#match={record.key}") as page:
        viewer = page.locator("#viewer")
        last = len(record.turns)
        assert viewer.get_by_role("status").inner_text() == f"0 of {last} The start"
        assert pieces(page) == []
        viewer.get_by_label("Next position").click()
        assert pieces(page) == ["X"]
        assert (
            f"{record.entrants[0]} (first) plays {record.turns[0].action}" in viewer.get_by_role("status").inner_text()
        )
        page.keyboard.press("ArrowRight")
        assert sorted(pieces(page)) == ["O", "X"]
        page.keyboard.press("ArrowLeft")
        assert pieces(page) == ["X"]
        page.keyboard.press("End")
        assert len(pieces(page)) == last
        assert viewer.get_by_label("Next position").is_disabled()
        page.keyboard.press("Home")
        assert pieces(page) == []
        viewer.get_by_role("slider").fill("3")
        assert len(pieces(page)) == 3
        viewer.get_by_role("slider").press("ArrowRight")
        assert len(pieces(page)) == 4
        viewer.locator(".moves button").nth(6).click()
        assert len(pieces(page)) == 6
        assert viewer.locator("[aria-current]").count() == 1
        page.keyboard.press("Escape")
        assert not viewer.is_visible()
        page.wait_for_url(re.compile(r"\.html#?$"))


def test_a_link_opens_its_match_and_a_wrong_one_says_so(browser, pages):
    with Visit(browser, pages["poker"], "#match=zzz") as page:
        assert "no match whose key begins with zzz" in page.locator("#viewer").inner_text()
        page.get_by_label("Close").click()
        page.locator(".key").first.click()
        assert page.locator("#viewer .card").count() == 0
        page.keyboard.press("End")
        assert page.locator("#viewer .card").count() == 2
        assert re.search("#match=[0-9a-f]{20}$", page.url)
        page.go_back()
        sync_api.expect(page.locator("#viewer")).not_to_be_visible()


def test_a_match_of_which_only_the_result_is_known_says_so(browser, pages, tmp_path):
    with Store.read(pages["board"].parent) as store:
        records = list(store.records())
        config = {key: store.meta(key) for key in ("config", "format")}
    with Store.open(tmp_path) as store:
        with store.transaction():
            store.put_meta(config)
        store.add([replace(record, turns=(), key=f"game {n}/é") for n, record in enumerate(records)])
    with Visit(browser, write(tmp_path)) as page:
        page.get_by_label("Key", exact=True).fill("GAME 7/")
        assert page.locator(".key").all_inner_texts() == ["game 7/é"]
        page.locator(".key").click()
        assert "Only its result is known." in page.locator("#viewer").inner_text()
        assert page.locator("#viewer .stage").count() == 0
        page.keyboard.press("End")


def test_what_players_say_is_shown_and_does_nothing(browser, pages):
    with Store.read(pages["hostile"].parent) as store:
        record = next(r for r in store.records() if any(turn.fault == "illegal" for turn in r.turns))
    with Visit(browser, pages["hostile"]) as page:
        assert {SCRIPT, PICTURE} <= set(names(page))
        own = page.evaluate("document.querySelectorAll('script').length")
        assert own == 3
        page.get_by_label("Player").select_option(label=SCRIPT)
        page.get_by_label("Player").select_option(label="Anyone")
        page.get_by_label("End").select_option(label="With refused replies or crashes")
        page.get_by_label("Key", exact=True).fill(record.key)
        page.locator(".key").first.click()
        said = []
        for _ in range(page.locator("#viewer .moves li").count()):
            page.keyboard.press("ArrowRight")
            said += page.locator("#viewer .reply pre").all_inner_texts()
        assert any(
            "⟨U+202E⟩eht tseb⟨U+202C⟩ mo⟨U+200B⟩ve, 👩\u200d🚀 ⟨U+2028⟩" in text and "<img" in text for text in said
        )
        assert page.locator("#viewer .badge.fault").count() > 0
        assert page.evaluate("window.owned") is None
        assert page.evaluate("document.querySelectorAll('script').length") == own
        assert page.locator("img, iframe, object, embed, base, link").count() == 0


def test_the_policy_forbids_what_the_page_does_not_do(browser, pages):
    visit = Visit(browser, pages["board"])
    visit.page.evaluate("""() => {
        const made = document.createElement("script");
        made.textContent = "window.owned = 1";
        document.body.append(made);
    }""")
    refused = "() => fetch('https://example.com').then(() => 'allowed', () => 'refused')"
    assert visit.page.evaluate(refused) == "refused"
    assert visit.page.evaluate("window.owned") is None
    assert len(visit.complaints) >= 2  # one of the browser's for each
    visit.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_payoff_can_be_read_on_its_colour(browser, pages, scheme):
    """Contrast of at least 4.5 to 1, as WCAG 2.2 (1.4.3) asks for."""
    contrasts = """() => {
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const light = (colour) => {
            canvas.fillStyle = colour;
            canvas.fillRect(0, 0, 1, 1);
            const part = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((x) => x / 255)
                .map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
            return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
        };
        return [...document.querySelectorAll(".earns, .pays, .badge, .lead, .quiet")].map((node) => {
            let back = node;
            while (getComputedStyle(back).backgroundColor === "rgba(0, 0, 0, 0)") back = back.parentElement;
            const both = [getComputedStyle(node).color, getComputedStyle(back).backgroundColor].map(light);
            both.sort((a, b) => a - b);
            return (both[1] + 0.05) / (both[0] + 0.05);
        });
    }"""
    with Visit(browser, pages["hostile"], scheme=scheme) as page:
        found = page.evaluate(contrasts)
        assert len(found) > 10
        assert min(found) >= 4.5
