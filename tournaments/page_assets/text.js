// Elements, words and numbers. Whatever a player has said reaches the page through these, as text and never as markup.

/** Make an element: attributes by name (false and null are left out), then children: nodes, text, null. */
function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for a drawing. */
function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function byId(id) {
  return document.getElementById(id);
}

// Characters without a shape can make two names look alike, or turn around the text after them: they are spelled out.
// A joiner between two pictographs stays, as it makes one emoji of them; so do line breaks and tabs.
const UNSEEN = /[\p{Cc}\p{Cf}\u2028\u2029\u3164\u2800]/gu;

/** The text with every invisible character as its code point. */
function visible(text) {
  return String(text).replace(UNSEEN, (character, at) => {
    const joins = character === "\u200D" && /\p{Extended_Pictographic}\uFE0F?$/u.test(text.slice(0, at))
      && /^\p{Extended_Pictographic}/u.test(text.slice(at + 1));
    if (joins || character === "\t" || character === "\n") return character;
    return `⟨U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** A player's name, kept apart from the text around it whichever way it is written; it may break after its joints. */
function nameOf(name) {
  const parts = visible(name).split(/(?<=[_\-./,:])/);
  return el("bdi", { class: "name" }, parts.flatMap((part, i) => (i ? [el("wbr"), part] : [part])));
}

const ICONS = {
  first: "M5 3h2v10H5zM14 3v10L8 8z", previous: "M11 3v10L5 8z", next: "M5 3v10l6-5z", last: "M2 3v10l6-5zM9 3h2v10H9z", close: "M4 4l8 8M12 4l-8 8",
};

/** A button that shows an icon and says its name. */
function iconButton(icon, label, onclick, disabled = false) {
  return el("button", { type: "button", class: `icon ${icon}`, "aria-label": label, title: label, onclick, disabled },
    svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: ICONS[icon] })));
}

function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

/** A number with a fixed count of digits, a true minus sign and, if asked for, a plus. */
function fixed(value, digits, sign = false) {
  if (value === null || value === undefined) return "";
  const rounded = Number(value.toFixed(digits)) + 0; // no minus before a zero
  const text = Math.abs(rounded).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false });
  return `${rounded < 0 ? "−" : sign && rounded > 0 ? "+" : ""}${text}`;
}

/** A payoff as it is: as many digits as it has, up to three. */
function payoffText(value) {
  if (value === null || value === undefined) return "–";
  return `${value > 0 ? "+" : value < 0 ? "−" : ""}${Number(Math.abs(value).toFixed(3))}`;
}

/** value ± half of an interval [value, low, high]. */
function plusMinus(interval, digits, sign = false) {
  const half = interval[2] === null || interval[0] === null ? null : interval[2] - interval[0];
  return el("span", { class: "estimate" }, el("span", {}, fixed(interval[0], digits, sign)),
    half === null ? null : el("span", { class: "half" }, ` ±${fixed(half, digits)}`));
}
