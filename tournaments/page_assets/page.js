// The head of the page, and the start of everything.

function head(data) {
  byId("title").append(visible(data.title));
  byId("subtitle").append(visible(data.game), data.league ? " · self-play league" : ` · ${data.format ? `${visible(data.format.replaceAll("_", " "))} ` : ""}tournament`, data.digest ? " · complete" : "");
  byId("rules").append(...data.rules.split(/\n\s*\n/).map((paragraph) => el("p", {}, visible(paragraph))));
  const facts = [
    ["Players", data.ladder.length.toLocaleString("en")],
    ["Rated matches", data.rated.toLocaleString("en")],
  ];
  const first = data.ladder.find((row) => row.elo); // the ladder is in order of Elo, provisional players among the others
  if (first) facts.push(["Highest Elo", [fixed(first.elo[0], 0), " ", el("small", {}, nameOf(first.name)),
    STANDINGS[first.standing] ? [" ", el("span", { class: `badge ${first.standing}` }, STANDINGS[first.standing])] : null]]);
  if (data.scoring === "payoff") {
    const earner = [...data.ladder].filter((row) => row.payoff).sort((a, b) => b.payoff[0] - a.payoff[0])[0];
    if (earner) facts.push(["Highest payoff per match", [fixed(earner.payoff[0], digitsFor(Math.abs(earner.payoff[0])) + 1, true), " ", el("small", {}, nameOf(earner.name))]]);
  }
  const exact = data.ladder.filter((row) => row.nash_conv !== undefined).sort((a, b) => a.nash_conv - b.nash_conv)[0];
  if (exact) facts.push(["Least NashConv", [fixed(exact.nash_conv, 4), " ", el("small", {}, nameOf(exact.name))]]);
  byId("facts").append(...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  byId("foot").append("Made by arena from the run’s own file; the same run makes the same page. ",
    data.digest ? `Digest of weights, baselines, pool and tallies: ${data.digest}.` : "");
}

const data = JSON.parse(byId("data").textContent);
const matches = readMatches(data);
head(data);
standings(data);
leaderboard(data);
training(data);
heatMap(data);
failures(data);
costs(data);
matchList(data, matches);
replayViewer(data, matches);
