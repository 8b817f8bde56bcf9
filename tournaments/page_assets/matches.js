// The list of matches: filters, and pages of it, so that ten thousand stay pleasant.

const PER_PAGE = 20;

function matchList(data, matches) {
  const { roles, sides } = data;
  let shown = matches;
  let page = 0;

  const choice = (label, id, options) => {
    const select = el("select", { id, onchange: () => update(true) }, options.map(([value, text]) => el("option", { value }, text)));
    byId("filters").append(el("label", {}, el("span", {}, label), select));
    return select;
  };
  const different = (values) => [...new Set(values)];
  const player = choice("Player", "filter-player", [["", "Anyone"], ...data.players.map((name, i) => [i, visible(name)])]);
  const role = choice("Role", "filter-role", [["", "Any"], ...different(roles).map((name) => [name, visible(name)])]);
  const result = choice("Outcome", "filter-outcome", [["", "Any"], ["won", "Won"], ["drawn", "Drawn"], ["lost", "Lost"]]);
  const stop = choice("End", "filter-end", [["", "Any"], ["finished", "Finished"],
    ...different(matches.map((match) => match.stop)).filter(Boolean).sort().map((name) => [name, STOPS[name] ?? name]),
    ...(matches.some((match) => match.bumps) ? [["bumpy", "With refused replies or crashes"]] : [])]);
  const kind = data.kinds.length > 1 ? choice("Kind", "filter-kind", [["", "Any"], ...data.kinds.map((name) => [name, name])]) : { value: "" };
  const key = el("input", { id: "filter-key", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "any part of it", oninput: () => update(true) });
  byId("filters").append(el("label", {}, el("span", {}, "Key"), key));
  const reset = el("button", { type: "reset" }, "Clear");
  byId("filters").append(reset);
  byId("filters").addEventListener("reset", () => setTimeout(() => update(true)));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());

  function wanted(match) {
    if (stop.value === "bumpy" ? !match.bumps : stop.value && (match.stop || "finished") !== stop.value) return false;
    if (kind.value && match.kind !== kind.value) return false;
    if (key.value && !match.key.toLowerCase().includes(key.value.trim().toLowerCase())) return false;
    const name = data.players[player.value];
    const seats = roles.map((_, seat) => seat).filter((seat) => (!player.value || match.entrants[seat] === name) && (!role.value || roles[seat] === role.value));
    return result.value ? seats.some((seat) => outcome(match, seat, sides) === result.value) : seats.length > 0;
  }

  function update(fromStart) {
    if (fromStart) {
      shown = matches.filter(wanted);
      page = 0;
    }
    const pages = Math.max(1, Math.ceil(shown.length / PER_PAGE));
    page = Math.min(pages - 1, Math.max(0, page));
    byId("count").textContent = shown.length === matches.length ? plural(matches.length, "match", "matches")
      : `${shown.length.toLocaleString("en")} of ${plural(matches.length, "match", "matches")}`;
    // Won and lost are somebody's: without a player or a role they would both mean "not drawn".
    const whose = player.value || role.value;
    result.options[1].textContent = whose ? "Won" : "Not drawn";
    result.options[3].hidden = result.options[3].disabled = !whose;
    byId("matches-table").replaceChildren(shown.length ? table(shown.slice(page * PER_PAGE, (page + 1) * PER_PAGE))
      : el("p", { class: "notice" }, "No match is like that."));
    const turn = (icon, label, target, off) => iconButton(icon, label, () => { page = target; update(false); byId("pager").querySelector(`.${icon}`).focus(); }, off);
    byId("pager").replaceChildren(
      turn("first", "First page", 0, page === 0), turn("previous", "Previous page", page - 1, page === 0),
      el("span", {}, `Page ${(page + 1).toLocaleString("en")} of ${pages.toLocaleString("en")}`),
      turn("next", "Next page", page + 1, page === pages - 1), turn("last", "Last page", pages - 1, page === pages - 1));
    byId("pager").hidden = pages === 1;
  }

  function table(rows) {
    const few = roles.length <= 3;
    const seats = few ? roles.map((name) => el("th", { scope: "col" }, visible(name))) : [el("th", { scope: "col" }, "Players")];
    const head = el("tr", {}, el("th", { scope: "col", "aria-label": "Match" }, el("span", { class: "extra" }, "Match")), seats, el("th", { scope: "col", class: "number" }, "Payoff"),
      el("th", { scope: "col", class: "number extra" }, "Moves"), data.league ? el("th", { scope: "col", class: "number extra" }, "Update") : null,
      el("th", { scope: "col", class: "extra" }, "End"));
    return scroller("Matches", el("table", { class: "match-table" }, el("thead", {}, head), el("tbody", {}, rows.map((match) => row(match, few)))));
  }

  function addressOf(match) {
    return `#match=${encodeURIComponent(match.key)}`;
  }

  function badges(match) {
    return [match.stop ? el("span", { class: `badge ${match.stop}` }, STOPS[match.stop] ?? match.stop) : null,
      match.bumps ? el("span", { class: "badge", title: "Refused replies and crashed attempts" }, plural(match.bumps, "fault")) : null];
  }

  function row(match, few) {
    const names = match.entrants.map((name, seat) => {
      const how = outcome(match, seat, sides);
      return el(few ? "td" : "div", { class: how === "won" ? "winner" : null }, nameOf(name));
    });
    const short = visible(match.key.slice(0, 8));
    const made = el("tr", {},
      el("td", {}, el("a", { href: addressOf(match), class: data.replays[match.key]?.start.length ? "key playable" : "key", title: visible(match.key), "aria-label": `Match ${short}` },
        el("span", { class: "extra" }, short))),
      few ? names : el("td", {}, names),
      el("td", { class: "number" }, match.returns.map(payoffText).join(" / "), el("span", { class: "narrow" }, badges(match))),
      el("td", { class: "number extra" }, match.moves.toLocaleString("en")),
      data.league ? el("td", { class: "number extra" }, match.step.toLocaleString("en")) : null,
      el("td", { class: "extra", title: visible(match.reason) }, match.stop ? null : el("span", { class: "quiet" }, STOPS[""]), badges(match)));
    made.addEventListener("click", (event) => {
      if (!event.target.closest("a") && !String(getSelection())) location.hash = addressOf(match);
    });
    return made;
  }

  const lead = byId("matches-lead");
  const held = Object.values(data.replays).filter((replay) => replay.start.length).length;
  lead.append("Choose one to step through it. What did not go smoothly comes first. ");
  if (matches.length < data.played) {
    lead.append(`So that this file stays small, it lists ${matches.length.toLocaleString("en")} of ${data.played.toLocaleString("en")} matches, drawn evenly from every line-up without regard to how they ended. `);
  }
  if (held && held < matches.length) {
    lead.append(`${held.toLocaleString("en")} of them (▸) can be stepped through here; for the others `, el("code", {}, "arena replay"), " does the same.");
  }
  update(true);
}
