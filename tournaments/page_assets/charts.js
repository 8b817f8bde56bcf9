// Elo and NashConv by training step. The canvas says in words where its numbers stand as text.

// Okabe and Ito's colours (2008), told apart by colour-blind readers; the shapes of the points help too.
const BY_DAY = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
const BY_NIGHT = ["#56b4e9", "#e69f00", "#2cc295", "#e29ac4", "#f0e442", "#ff8a4c"];
const SHAPES = ["circle", "rect", "triangle", "rectRot", "star", "cross"];

function colourOf(i) {
  return (matchMedia("(prefers-color-scheme: dark)").matches ? BY_NIGHT : BY_DAY)[i % BY_DAY.length];
}

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function training(data) {
  if (!data.history.some((line) => line.points.length > 1) && !data.nash_conv.length) return;
  byId("training").hidden = false;
  const panels = [];
  if (data.history.some((line) => line.points.length > 1)) {
    panels.push(["Elo of every snapshot", "As rated today, with the 95% interval. Dashed: players that do not learn.", () => eloChart(data.history)]);
  }
  if (data.nash_conv.length) {
    panels.push(["Exact NashConv", "What best responses gain together, in payoff units; 0 at a Nash equilibrium.", () => nashConvChart(data.nash_conv)]);
  }
  let drawn = [];
  const draw = () => {
    drawn.forEach((chart) => chart.destroy());
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.color = css("--quiet");
    Chart.defaults.borderColor = css("--line");
    drawn = panels.map(([, , options], i) => new Chart(byId(`chart-${i}`), options()));
  };
  byId("charts").replaceChildren(...panels.map(([title, lead], i) => el("figure", {},
    el("figcaption", {}, el("h3", {}, title), el("p", {}, lead)),
    el("div", { class: "canvas" }, el("canvas", { id: `chart-${i}`, role: "img", "aria-label": `${title}, by training update; the leaderboard holds the numbers.` })))));
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
}

function eloChart(history) {
  const last = Math.max(...history.flatMap((line) => line.points.map((point) => point[0])));
  const learners = history.filter((line) => line.points.length > 1);
  const others = history.filter((line) => line.points.length === 1);
  const datasets = learners.flatMap((line, i) => {
    const colour = colourOf(i);
    const band = (end) => ({
      group: i, band: true, data: line.points.map((point) => ({ x: point[0], y: point[end] })),
      borderWidth: 0, pointRadius: 0, pointHitRadius: 0, fill: end === 3 ? "-1" : false, backgroundColor: `${colour}33`,
    });
    const dots = line.points.map(([step, elo, low, high]) => ({ x: step, y: elo, half: (high - low) / 2 }));
    return [band(2), band(3), styled(line.name, dots, i)];
  });
  for (const line of others) {
    const [, elo, low, high] = line.points[0];
    datasets.push({
      group: line, label: visible(line.name), level: true, data: [0, last].map((x) => ({ x, y: elo, half: (high - low) / 2 })),
      borderColor: css("--quiet"), borderDash: [5, 4], borderWidth: 1.5, pointRadius: 0, pointHitRadius: 4,
    });
  }
  return lines(datasets, "Elo", {}, (point) => `${fixed(point.y, 0)}${point.half ? ` ±${fixed(point.half, 0)}` : ""}`);
}

function nashConvChart(histories) {
  const datasets = histories.map((line, i) => styled(line.name, line.points.map(([x, y]) => ({ x, y })), i));
  const values = histories.flatMap((line) => line.points.map((point) => point[1]));
  const wide = Math.min(...values) > 0 && Math.max(...values) > 8 * Math.min(...values);
  const scale = wide ? { type: "logarithmic" } : { beginAtZero: true };
  return lines(datasets, "NashConv", scale, (point) => fixed(point.y, 4));
}

function styled(name, points, i) {
  const colour = colourOf(i);
  return {
    group: i, label: visible(name), data: points, borderColor: colour, backgroundColor: colour, borderWidth: 2,
    pointRadius: points.length > 60 ? 0 : 3, pointHitRadius: 8, pointStyle: SHAPES[i % SHAPES.length],
  };
}

function lines(datasets, unit, scale, say) {
  const grid = { color: css("--line") };
  const number = (value) => Number(value.toPrecision(3)).toLocaleString("en", { useGrouping: false });
  return {
    type: "line",
    data: { datasets },
    plugins: [levelNames],
    options: {
      animation: false, responsive: true, maintainAspectRatio: false, interaction: { mode: "nearest", axis: "xy", intersect: false },
      scales: {
        x: { type: "linear", min: 0, grid: { display: false }, title: { display: true, text: "Training update" }, ticks: { maxRotation: 0 } },
        y: { ...scale, grid, title: { display: true, text: unit }, ticks: { callback: number, maxTicksLimit: 8 } },
      },
      plugins: {
        legend: { position: "bottom", onClick: toggle, labels: { usePointStyle: true, boxHeight: 7, filter: (item, all) => !all.datasets[item.datasetIndex].band && !all.datasets[item.datasetIndex].level } },
        tooltip: { filter: (item) => !item.dataset.band, callbacks: {
          title: (items) => (items.length ? `Update ${items[0].parsed.x}` : ""),
          label: (item) => `${item.dataset.label}: ${say(item.raw)}`,
        } },
      },
    },
  };
}

/** Whoever does not learn is a level line with its name on it. */
const levelNames = {
  id: "levelNames",
  afterDatasetsDraw(chart) {
    chart.data.datasets.forEach((set) => {
      if (!set.level) return;
      const y = chart.scales.y.getPixelForValue(set.data[0].y);
      chart.ctx.save();
      chart.ctx.fillStyle = css("--quiet");
      chart.ctx.font = `12px ${Chart.defaults.font.family}`;
      chart.ctx.fillText(set.label.slice(0, 40), chart.chartArea.left + 6, y - 6);
      chart.ctx.restore();
    });
  },
};

/** A line goes together with its band. */
function toggle(event, item, legend) {
  const { group } = legend.chart.data.datasets[item.datasetIndex];
  const show = !legend.chart.isDatasetVisible(item.datasetIndex);
  legend.chart.data.datasets.forEach((set, i) => set.group === group && legend.chart.setDatasetVisibility(i, show));
  legend.chart.update();
}
