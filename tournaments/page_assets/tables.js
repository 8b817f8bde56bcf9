// The tables: leaderboard, payoffs, failures, costs.

/** A box that scrolls sideways where its table is wider than the screen; the keyboard reaches it too. */
function scroller(label, ...children) {
  return el("div", { class: "scroller", role: "region", tabindex: "0", "aria-label": label }, ...children);
}

/** A table whose columns {title, cell(row), value(row), number, hint} sort it; rows without a value stay last. */
function sortable(label, columns, rows) {
  const body = el("tbody");
  const heads = columns.map((column, at) => {
    const button = el("button", { type: "button", title: column.hint, onclick: () => sort(at) }, column.title);
    return el("th", { scope: "col", class: column.number ? "number" : column.class }, column.value ? button : column.title);
  });
  let sorted = -1;
  let down = true;

  function fill(ordered) {
    body.replaceChildren(...ordered.map((row) => el("tr", {}, columns.map((column) =>
      el(column.head ? "th" : "td", { scope: column.head ? "row" : null, class: column.number ? "number" : column.class }, column.cell(row))))));
  }

  function sort(at) {
    const { value, number } = columns[at];
    down = sorted === at ? !down : Boolean(number);
    sorted = at;
    const missing = (row) => value(row) === null || value(row) === undefined;
    fill([...rows].sort((a, b) => {
      if (missing(a) || missing(b)) return missing(a) - missing(b);
      const order = number ? value(a) - value(b) : value(a).localeCompare(value(b));
      return down ? -order : order;
    }));
    heads.forEach((head, i) => head.removeAttribute("aria-sort"));
    heads[at].setAttribute("aria-sort", down ? "descending" : "ascending");
  }

  fill(rows);
  return scroller(label, el("table", {}, el("thead", {}, el("tr", {}, heads)), body));
}

const STANDINGS = {
  provisional: "Provisional",
  unrated: "Not rated yet",
  withdrawn: "Withdrawn",
};

/** A dot with its interval on a scale that all rows share; `zero` is where the scale has its mark. */
function whiskers(rows, value, zero) {
  const known = rows.map(value).filter(Boolean);
  const centres = known.map((interval) => interval[0]);
  // A wide interval of one player must not press all others together: the scale goes by the dots and the median width.
  const halves = known.map((interval) => interval[2] - interval[0]).sort((a, b) => a - b);
  const pad = halves.length ? halves[Math.floor(halves.length / 2)] * 1.2 : 1;
  const low = Math.min(zero, ...centres) - pad;
  const high = Math.max(zero, ...centres) + pad;
  const at = (x) => `${(100 * Math.min(1, Math.max(0, (x - low) / (high - low || 1)))).toFixed(2)}%`;
  return (row) => {
    const interval = value(row);
    if (!interval) return null;
    const made = el("span", { class: "whisker", "aria-hidden": "true" }, el("i", { class: "mark" }), el("i", { class: "line" }), el("i", { class: "dot" }));
    made.style.setProperty("--zero", at(zero));
    made.style.setProperty("--low", at(interval[1]));
    made.style.setProperty("--high", at(interval[2]));
    made.style.setProperty("--dot", at(interval[0]));
    return made;
  };
}

/** Digits after the point that payoffs up to `most` deserve. */
function digitsFor(most) {
  return most > 0 ? Math.min(4, Math.max(0, (most < 1 ? 1 : 2) - Math.floor(Math.log10(most)))) : 2;
}

function leaderboard(data) {
  const rows = data.ladder.map((row, i) => ({ ...row, place: i + 1 }));
  const payoff = data.scoring === "payoff";
  const digits = digitsFor(Math.max(...rows.map((row) => Math.abs(row.payoff?.[0] ?? 0)))) + 1;
  const perRole = rows.some((row) => row.role);
  const roles = perRole ? [] : data.roles.filter((role, i) => data.roles.indexOf(role) === i && rows.some((row) => row.by_role[role]));
  const elo = (row) => row.elo?.[0];
  const columns = [
    { title: "#", cell: (row) => row.place, value: (row) => -row.place, number: true, hint: "Back to the order of the ladder" },
    { title: "Player", cell: player, value: (row) => row.name, head: true, class: "who" },
  ];
  if (perRole) columns.push({ title: "Role", cell: (row) => visible(row.role), value: (row) => row.role });
  if (payoff) {
    columns.push({ title: "Payoff per match", cell: (row) => row.payoff && plusMinus(row.payoff, digits, true), value: (row) => row.payoff?.[0], number: true });
    columns.push({ title: "95% interval", cell: whiskers(rows, (row) => row.payoff, 0), class: "whiskers" });
  }
  columns.push({ title: "Elo", cell: rating, value: elo, number: true });
  if (!payoff) columns.push({ title: "95% interval", cell: whiskers(rows, (row) => row.elo, 1000), class: "whiskers" });
  for (const role of roles) {
    columns.push({
      title: `${payoff ? "Payoff" : "Elo"} as ${visible(role)}`, number: true, value: (row) => row.by_role[role]?.[0],
      cell: (row) => row.by_role[role] && plusMinus(row.by_role[role], payoff ? digits : 0, payoff),
    });
  }
  if (rows.some((row) => row.nash_conv !== undefined)) {
    columns.push({ title: "NashConv", cell: (row) => fixed(row.nash_conv, 4), value: (row) => row.nash_conv, number: true, hint: "Exact; 0 at a Nash equilibrium" });
  }
  columns.push({ title: "Matches", cell: (row) => row.matches.toLocaleString("en"), value: (row) => row.matches, number: true });
  if (!payoff) columns.push(...["Won", "Drawn", "Lost"].map((title, i) => (
    { title, cell: (row) => row.results[i].toLocaleString("en"), value: (row) => row.results[i], number: true })));

  function player(row) {
    const badges = [];
    if (row.anchor) badges.push(el("span", { class: "badge" }, "Anchor"));
    if (STANDINGS[row.standing]) badges.push(el("span", { class: `badge ${row.standing}` }, STANDINGS[row.standing]));
    return [nameOf(row.name), ...badges.flatMap((badge) => [" ", badge])];
  }

  function rating(row) {
    if (!row.elo) return el("span", { class: "quiet" }, "–");
    return row.anchor ? fixed(row.elo[0], 0) : plusMinus(row.elo, 0);
  }

  const order = !rows.some((row) => row.elo) ? "In order of names, as nobody has an Elo yet. "
    : payoff ? "In order of Elo, which counts who is ahead in payoff over blocks of pairs. " : "In order of Elo. ";
  byId("leaderboard-lead").append(order, payoff ? "Payoff per match depends on whom one met. " : "", perRole ? "Every role has a ladder of its own, and Elo cannot be compared across them. " : "", "± is half of the 95% interval of the distance to the anchor, which stands at 1000. ",
    "A column’s name sorts by it.");
  byId("leaderboard-table").replaceChildren(sortable("Leaderboard", columns, rows));
  byId("leaderboard-notes").replaceChildren(...ladderNotes(data, payoff, digits));
}

/** Sentences for what no column holds. */
function ladderNotes(data, payoff, digits) {
  const notes = data.advantage.map(([one, other, ...interval]) => el("li", {}, `Playing ${visible(one)} against ${visible(other)} is worth `,
    plusMinus(interval, payoff ? digits : 0, true), payoff ? " per match between equals." : " Elo between equals."));
  const told = new Map();
  for (const row of data.ladder.filter((row) => row.note)) {
    const key = `${row.standing}\n${row.note}`;
    told.set(key, [...(told.get(key) ?? []), row]);
  }
  for (const rows of told.values()) {
    const names = rows.slice(0, 20).flatMap((row, i) => [i ? ", " : "", nameOf(row.name)]);
    if (rows.length > 20) names.push(` and ${rows.length - 20} more`);
    const { name, note, standing } = rows[0];
    notes.push(el("li", {}, el("span", { class: `badge ${standing}` }, STANDINGS[standing] ?? standing), " ",
      note.startsWith(name) ? [] : [names, ": "], `${visible(note)}.`));
  }
  return notes;
}

/** What the format itself says, in its own lines: places that stand in columns, then rounds or a bracket. */
function standings(data) {
  if (!data.standings.length) return;
  byId("standings").hidden = false;
  const isPlace = (line) => /^ *\d+\. /.test(line);
  const indent = Math.min(...data.standings.filter(isPlace).map((line) => line.search(/\S/)));
  byId("standings-list").append(...data.standings.map((line) => (
    isPlace(line) ? el("li", { class: "aligned" }, visible(line.slice(indent))) : el("li", {}, visible(line)))));
}

function heatMap(data) {
  const { names, mean, half, left_out: leftOut, cyclic } = data.payoffs;
  const most = Math.max(...mean.flat().map((x) => Math.abs(x ?? 0))) || 1;
  const digits = digitsFor(most);
  const lead = byId("payoffs-lead");
  lead.append(half ? "Mean payoff of the row against the column, ± half of its 95% interval. "
    : "Exact mean payoff of the row against the column, averaged over the seats: computed from the players’ policies, not from matches. ",
    "Blue earns, orange pays. ");
  if (leftOut) lead.append(`Only the first ${names.length} of the ladder are shown, ${leftOut.toLocaleString("en")} are not. `);
  if (cyclic !== null) {
    lead.append(`${fixed(100 * cyclic, 0)}% of these payoffs are cyclic, like rock-paper-scissors: no ranking can show that part.`);
  }
  const head = el("tr", {}, el("td", { class: "corner" }, el("span", {}, "Opponent →"), el("span", {}, "Own ↓")),
    names.map((name) => el("th", { scope: "col" }, el("span", { class: "turned" }, nameOf(name)))));
  const rows = names.map((name, i) => el("tr", {}, el("th", { scope: "row" }, nameOf(name)), names.map((_, j) => {
    if (i === j) return el("td", { class: "self" }, el("span", { class: "unseen" }, "itself"));
    if (mean[i][j] === null) return el("td", { class: "self" }, el("span", { class: "unseen" }, "never met"));
    const cell = el("td", { class: mean[i][j] < 0 ? "pays" : "earns" }, fixed(mean[i][j], digits, true),
      half ? el("span", { class: "half" }, `±${fixed(half[i][j], digits)}`) : null);
    cell.style.setProperty("--share", `${(60 * Math.abs(mean[i][j]) / most).toFixed(1)}%`);
    return cell;
  })));
  const wide = names.length > 8 ? "heat dense" : "heat";
  byId("payoffs-table").append(scroller("Payoffs", el("table", { class: wide }, el("thead", {}, head), el("tbody", {}, rows))));
}

function failures(data) {
  const rows = data.failures;
  const bad = rows.filter((row) => row.faults || row.forfeit || row.crashed || row.abandoned || row.truncated || row.outage);
  const outage = rows.some((row) => row.outage);
  byId("failures-lead").append(bad.length
    ? "A forfeit is a loss and counts. A crash is tried again; a match that crashed three times is abandoned and counts for nobody. A player that crashes in more than 3% of its matches is withdrawn."
      + (outage ? " A match that an outage makes void counts for nobody and is played later." : "")
    : `No player forfeited, crashed or gave a reply that was no legal move, in ${plural(data.rated, "rated match", "rated matches")}.`);
  if (!bad.length) return;
  const column = (title, key, hint) => ({
    title, hint, number: true, value: (row) => row[key],
    cell: (row) => (row[key] ? row[key].toLocaleString("en") : el("span", { class: "quiet" }, "0")),
  });
  byId("failures-table").replaceChildren(sortable("Failures", [
    { title: "Player", cell: (row) => nameOf(row.name), value: (row) => row.name, head: true, class: "who" },
    column("Refused replies", "faults", "Illegal, empty or unreadable"),
    column("Forfeits", "forfeit"),
    column("Matches with a crash", "crashed"),
    { title: "Crash rate", number: true, value: (row) => row.crashed / (row.matches || 1), cell: (row) => `${fixed(100 * row.crashed / (row.matches || 1), 1)}%` },
    column("Abandoned", "abandoned", "Crashed three times"),
    column("Cut off", "truncated", "Reached the limit of turns: a draw"),
    ...(outage ? [column("Void by an outage", "outage", "The player was not available"), column("Still to play", "waiting")] : []),
    column("Matches", "matches"),
  ], rows));
}

function costs(data) {
  if (!data.costs.length) return;
  byId("costs").hidden = false;
  const column = (title, key, digits) => ({
    title, number: true, value: (row) => row[key],
    cell: (row) => row[key].toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits }),
  });
  byId("costs-table").replaceChildren(sortable("Costs", [
    { title: "Player", cell: (row) => nameOf(row.name), value: (row) => row.name, head: true, class: "who" },
    column("Dollars", "dollars", 4),
    column("Prompt tokens", "prompt_tokens", 0),
    column("Sampled tokens", "completion_tokens", 0),
  ], data.costs));
}
