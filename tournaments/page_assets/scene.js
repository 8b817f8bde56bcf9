// A position as boards, cards and text. Scenes travel as what changed since the one before (page_scene.py).

/** The blocks of a scene, given those of the scene before. */
function decode(blocks, before) {
  return blocks.map((block, i) => {
    if (block === 0) return before[i];
    if (!block.set) return block;
    const cells = before[i].cells.map((row) => [...row]);
    for (const [r, c, text] of block.set) cells[r][c] = text;
    // A game whose states do not hold the last move marks nothing: then what has changed is what was touched.
    return { ...before[i], cells, marked: block.marked.length ? block.marked : block.set };
  });
}

/** Draw the blocks into an element. */
function draw(place, scene) {
  place.replaceChildren(...scene.map((block) => {
    if (typeof block === "string") return words(block);
    return block.cells ? board(block) : cards(block);
  }));
}

/** Text; the signs of the two sides look as they do on the board. */
function words(text) {
  const parts = visible(text).split(/([●○])/u).map((part) => (
    part === "●" || part === "○" ? el("span", { class: part === "●" ? "sign one" : "sign two" }, part) : part));
  return el("pre", { class: text.includes("\n") ? "text" : "text line", dir: "auto" }, parts);
}

const SIZE = 40;
const SOLID = { "♔": "♚", "♕": "♛", "♖": "♜", "♗": "♝", "♘": "♞", "♙": "♟" };

function board(block) {
  const rows = block.cells.length;
  const columns = Math.max(0, ...block.cells.map((row) => row.length));
  const { columns: columnNames = [], rows: rowNames = [], marked = [], style = "grid" } = block;
  const hexagonal = style === "hexagonal";
  const left = rowNames.length ? 24 : 2;
  const below = columnNames.length ? 24 : 2;
  const pitch = hexagonal ? SIZE * Math.sqrt(3) / 2 : SIZE;
  const shift = hexagonal ? SIZE / 2 : 0;
  const width = left + columns * SIZE + (rows - 1) * shift + 2;
  const height = 2 + rows * pitch + (hexagonal ? SIZE / Math.sqrt(3) - pitch / 3 : 0) + below;
  const touched = new Set(marked.map(([r, c]) => `${r},${c}`));
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: `board ${style}`, role: "img", "aria-label": spoken(block) });
  drawing.style.setProperty("--width", `${Math.min(width * 1.5, 460)}px`);
  const middle = (r, c) => [left + c * SIZE + r * shift + SIZE / 2, 2 + r * pitch + (hexagonal ? SIZE / Math.sqrt(3) : SIZE / 2)];
  block.cells.forEach((row, r) => row.forEach((cell, c) => {
    const [x, y] = middle(r, c);
    const kind = `cell${style === "checkered" && (r + c) % 2 ? " shaded" : ""}${touched.has(`${r},${c}`) ? " marked" : ""}`;
    drawing.append(hexagonal
      ? svg("polygon", { points: hexagon(x, y), class: kind })
      : svg("rect", { x: x - SIZE / 2, y: y - SIZE / 2, width: SIZE, height: SIZE, class: kind }));
    if (cell) drawing.append(piece(cell, x, y));
  }));
  const name = (text, x, y) => drawing.append(svg("text", { x, y, class: "axis" }, visible(text)));
  columnNames.forEach((text, c) => name(text, middle(rows - 1, c)[0], height - below / 2 + 2));
  rowNames.forEach((text, r) => name(text, left / 2 - 1 + r * shift, middle(r, 0)[1]));
  return drawing;
}

function hexagon(x, y) {
  const far = SIZE / Math.sqrt(3);
  const points = [0, 1, 2, 3, 4, 5].map((i) => [x + far * Math.sin(i * Math.PI / 3), y - far * Math.cos(i * Math.PI / 3)]);
  return points.map((point) => point.map((n) => n.toFixed(2)).join(",")).join(" ");
}

/** What stands on a cell: discs and the usual letters by side, chess pieces as one shape in two colours. */
function piece(text, x, y) {
  if (/^[●⚫○⚪]$/u.test(text)) return svg("circle", { cx: x, cy: y, r: SIZE * (/[●⚫]/u.test(text) ? 0.38 : 0.33), class: /[●⚫]/u.test(text) ? "disc one" : "ring" });
  if (/^[♔-♟]\uFE0E?$/u.test(text)) {
    const shape = SOLID[text[0]];
    return svg("text", { x, y: y + 2, class: `chess ${shape ? "white" : "black"}`, "font-size": SIZE * 0.8 }, `${shape ?? text[0]}\uFE0E`);
  }
  const side = /^[xX]$/.test(text) ? " one" : /^[oO]$/.test(text) ? " two" : "";
  const length = [...text].length;
  return svg("text", { x, y, class: `piece${side}`, "font-size": length > 2 ? SIZE / length : SIZE * 0.58 }, visible(text));
}

/** The board in words, for those who do not see it. */
function spoken(block) {
  const lines = block.cells.map((row, r) => `${block.rows?.[r] ?? `row ${r + 1}`}: ${row.map((cell) => visible(cell) || "empty").join(", ")}`);
  return `Board. ${lines.join("; ")}`;
}

const SUITS = { s: ["♠", "spades"], h: ["♥", "hearts"], d: ["♦", "diamonds"], c: ["♣", "clubs"] };

function cards(block) {
  return el("div", { class: "hand" },
    el("span", { class: "hand-label" }, visible(block.label)),
    el("span", { class: "hand-cards" }, block.cards.length ? block.cards.map(card) : el("span", { class: "quiet" }, "no cards")),
    block.note ? el("span", { class: "hand-note" }, visible(block.note)) : null);
}

function card(text) {
  if (text === "?") return el("span", { class: "card back", role: "img", "aria-label": "hidden card" });
  const found = /^([2-9TJQKA])([shdc])$/.exec(text);
  if (!found) return el("span", { class: "card" }, visible(text));
  const [glyph, suit] = SUITS[found[2]];
  const rank = found[1] === "T" ? "10" : found[1];
  return el("span", { class: `card ${suit}`, role: "img", "aria-label": `${rank} of ${suit}` },
    el("span", { class: "rank" }, rank), el("span", { class: "suit" }, `${glyph}\uFE0E`));
}
