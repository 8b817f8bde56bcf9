// The viewer: one match, step by step. Its address is #match=KEY, so a position in an argument can be sent as a link.

const FAULTS = {
  illegal: "illegal move", unparsable: "no move could be read", empty: "empty reply", truncated: "reply cut off",
  timeout: "ran out of time", resign: "resigned", unavailable: "not available",
};
const SHORT = 60; // characters of a move in a line
const STOPS = { "": "Finished", truncated: "Cut off", forfeit: "Forfeit", void: "Void", abandoned: "Abandoned" };

/** The rows of the list as values with names. */
function readMatches(data) {
  return data.matches.map(([key, entrants, returns, moves = 0, stop = "", step = 0, kind = 0, reason = "", bumps = 0]) =>
    ({ key, entrants: entrants.map((i) => data.players[i]), returns, moves, stop, step, kind: data.kinds[kind], reason, bumps }));
}

/** "won", "drawn" or "lost" for a seat, by what it earned against the best of the others; "" where nothing was paid. */
function outcome(match, seat, sides) {
  const own = match.returns[seat];
  const others = match.returns.filter((value, other) => value !== null && sides[other] !== sides[seat] && sides[other] >= 0);
  if (own === null || !others.length) return "";
  const best = Math.max(...others);
  return own > best ? "won" : own < best ? "lost" : "drawn";
}

function replayViewer(data, matches) {
  const dialog = byId("viewer");
  const byKey = new Map(matches.map((match) => [match.key, match]));
  let steps = [];
  let scenes = [];
  let at = 0;
  let parts = {};

  /** Show the match whose key begins so; say so where there is none. */
  function open(start) {
    const match = byKey.get(start) ?? matches.find((other) => start && other.key.startsWith(start));
    const replay = match && data.replays[match.key];
    steps = replay?.turns ?? [];
    scenes = [decode(replay?.start ?? [], [])];
    for (const [, , blocks] of steps) scenes.push(decode(blocks, scenes.at(-1)));
    if (match) build(match, replay);
    else dialog.replaceChildren(heading("No such match"), el("p", { class: "notice" }, `This page holds no match whose key begins with ${visible(start)}.`));
    if (!dialog.open) dialog.showModal();
    if (replay?.start.length) {
      go(0);
      parts.next.focus();
    }
  }

  function heading(...title) {
    return el("header", { class: "viewer-head" }, el("h2", { id: "viewer-title" }, ...title),
      iconButton("close", "Close", () => dialog.close()));
  }

  function build(match, replay) {
    const seats = el("ul", { class: "seats" }, match.entrants.map((name, seat) => {
      const how = outcome(match, seat, data.sides);
      return el("li", {}, el("span", { class: "role" }, visible(data.roles[seat])), nameOf(name),
        el("span", { class: `payoff ${how}` }, payoffText(match.returns[seat])));
    }));
    const notes = [];
    if (match.stop) notes.push(el("li", {}, el("span", { class: `badge ${match.stop}` }, STOPS[match.stop] ?? match.stop), ` ${visible(match.reason)}`));
    for (const seat of new Set(replay?.crashes)) {
      const times = replay.crashes.filter((other) => other === seat).length;
      notes.push(el("li", {}, nameOf(match.entrants[seat]), ` crashed in ${plural(times, "attempt")}, of which only the last is shown.`));
    }
    if (replay?.note) notes.push(el("li", {}, visible(replay.note)));
    if (!replay) notes.push(el("li", {}, `This page does not hold its moves. `, el("code", {}, `arena replay RUN ${visible(match.key)}`), " shows them."));
    const facts = el("p", { class: "match-key" }, data.league ? `Update ${match.step} · ` : "", "Match ", el("code", {}, visible(match.key)));
    dialog.replaceChildren(heading(...verdict(match)), seats, el("ul", { class: "notes" }, notes), replay?.start.length ? stage(match) : "", facts);
  }

  /** How it ended, in words; of more than two sides only who was there. */
  function verdict(match) {
    const seats = data.sides.map((side, seat) => seat).filter((seat) => data.sides[seat] >= 0 && data.sides.indexOf(data.sides[seat]) === seat);
    const [one, other, ...more] = seats.map((seat) => nameOf(match.entrants[seat]));
    if (!other || more.length) return [`Match of ${plural(seats.length, "side")}`];
    const how = outcome(match, seats[0], data.sides);
    if (how === "drawn") return [one, " and ", other, " drew"];
    return how === "lost" ? [other, " won against ", one] : [one, how ? " won against " : " against ", other];
  }

  function stage(match) {
    parts = {
      scene: el("div", { class: "scene" }),
      caption: el("p", { class: "caption", role: "status" }),
      reply: el("div", { class: "reply" }),
      first: iconButton("first", "First position (Home)", () => go(0)),
      previous: iconButton("previous", "Previous position (left arrow)", () => go(at - 1)),
      next: iconButton("next", "Next position (right arrow)", () => go(at + 1)),
      last: iconButton("last", "Last position (End)", () => go(steps.length)),
      slider: el("input", { type: "range", min: 0, max: steps.length, value: 0, "aria-label": "Position", oninput: (event) => go(Number(event.target.value)) }),
      moves: el("ol", { class: "moves", "aria-label": "Moves", start: 0 }),
    };
    parts.moves.append(el("li", {}, el("button", { type: "button", onclick: () => go(0) }, el("span", { class: "quiet" }, "Start"))));
    steps.forEach((step, i) => parts.moves.append(el("li", {}, el("button", { type: "button", onclick: () => go(i + 1) }, mover(match, step[0]), " ", played(step)))));
    parts.match = match;
    return el("div", { class: "stage" },
      el("div", { class: "stage-main" }, parts.scene,
        el("div", { class: "controls" }, parts.first, parts.previous, parts.next, parts.last, parts.slider), parts.caption, parts.reply),
      parts.moves);
  }

  function mover(match, seat) {
    return el("span", { class: seat < 0 ? "role chance" : "role" }, seat < 0 ? "chance" : visible(data.roles[seat]));
  }

  function played([, action, , , fault]) {
    const text = action === null ? "" : visible(action).replace(/\s+/g, " ");
    const short = text.length > SHORT ? `${[...text].slice(0, SHORT).join("")}…` : text;
    return el("span", { class: "action" }, el("bdi", {}, short), fault ? [" ", el("span", { class: "badge fault" }, FAULTS[fault] ?? visible(fault))] : "");
  }

  function go(target) {
    at = Math.min(steps.length, Math.max(0, target));
    draw(parts.scene, scenes[at]);
    const step = steps[at - 1];
    const who = step && (step[0] < 0 ? ["Chance"] : [nameOf(parts.match.entrants[step[0]]), ` (${visible(data.roles[step[0]])})`]);
    const what = step && (step[4] ? ["’s reply was refused: ", played(step)] : [step[0] < 0 ? " brings " : " plays ", played(step)]);
    parts.caption.replaceChildren(el("span", { class: "quiet" }, `${at} of ${steps.length}`), " ", ...(step ? [...who, ...what] : ["The start"]));
    const whole = step?.[3] || (step?.[1]?.length > SHORT ? step[1] : "");
    parts.reply.replaceChildren(...(whole ? [el("h3", {}, "The whole reply"), el("pre", { dir: "auto" }, visible(whole))] : []));
    parts.slider.value = at;
    parts.first.disabled = parts.previous.disabled = at === 0;
    parts.next.disabled = parts.last.disabled = at === steps.length;
    [...parts.moves.children].forEach((item, i) => item.firstChild.toggleAttribute("aria-current", i === at));
    const current = parts.moves.children[at];
    // Not scrollIntoView, which would move the whole dialog too.
    parts.moves.scrollTop = current.offsetTop - parts.moves.offsetTop - parts.moves.clientHeight / 2 + current.clientHeight / 2;
  }

  // On the document: a button that is disabled at the last position loses the focus to it.
  document.addEventListener("keydown", (event) => {
    const target = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: steps.length }[event.key];
    if (target === undefined || !dialog.open || !dialog.contains(parts.scene) || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault(); // the slider would take the same keys
    go(target);
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  dialog.addEventListener("close", () => history.replaceState(null, "", location.href.split("#")[0]));

  function follow() {
    if (location.hash.startsWith("#match=")) open(new URLSearchParams(location.hash.slice(1)).get("match"));
    else if (dialog.open) dialog.close();
  }
  addEventListener("hashchange", follow);
  follow();
}
