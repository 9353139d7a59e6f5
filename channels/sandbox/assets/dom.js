// Small helpers to build the page. Text is only ever set as text.

export const $ = (id) => document.getElementById(id);

// h makes an element: h("b", {class: "x", onclick: f}, "text", child).
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || (value === false && !name.startsWith("aria-"))) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const address = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/g;

// linked splits a text into text and links to http addresses.
export function linked(text) {
  const parts = [];
  let end = 0;
  for (const match of text.matchAll(address)) {
    parts.push(text.slice(end, match.index), h("a", { href: match[0], target: "_blank", rel: "noopener noreferrer" }, match[0]));
    end = match.index + match[0].length;
  }
  parts.push(text.slice(end));
  return parts;
}

// initials of a name, and one of six colours that stays the same for it.
export function avatar(name) {
  const letters = [...name.trim()].filter((c, i, all) => i === 0 || all[i - 1] === " ").slice(0, 2).join("").toUpperCase();
  let sum = 0;
  for (const c of name) sum = (sum * 31 + c.codePointAt(0)) % 6;
  return h("span", { class: `avatar tint${sum}`, "aria-hidden": "true" }, letters.replace("+", "#"));
}

// options fills a select and keeps its choice where that is still there.
export function options(select, list) {
  const wanted = list.map(([value, label]) => `${value}|${label}`).join("\n");
  if (select.dataset.filled === wanted) return;
  const value = select.value;
  select.dataset.filled = wanted;
  select.replaceChildren(...list.map(([v, label]) => h("option", { value: v }, label)));
  if (list.some(([v]) => String(v) === value)) select.value = value;
}

// icon is one of the page's pictures.
export function icon(id) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#i-${id}`);
  svg.append(use);
  return svg;
}

// changed reports whether what a box is to show differs from the last time. A
// box that shows the same is left alone, so that no press on it is lost.
export function changed(box, ...what) {
  const print = JSON.stringify(what);
  const differs = box.print !== print;
  box.print = print;
  return differs;
}

// pin keeps a scrolling box at its end, unless its reader scrolled up.
function pin(box) {
  if (box.pinned !== undefined) return;
  box.pinned = true;
  box.addEventListener("scroll", () => {
    if (box.clientHeight) box.pinned = box.scrollHeight - box.scrollTop - box.clientHeight < 60;
  });
  new ResizeObserver(() => { if (box.pinned) box.scrollTop = box.scrollHeight; }).observe(box);
}

// fill shows a list in a scrolling box; what is new since the last time moves
// in. key is what the list is of. It reports whether something came.
export function fill(box, key, list, id, make, empty) {
  pin(box);
  if (!changed(box, key, list)) return false;
  const known = box.dataset.key === String(key) ? box.known : null;
  const elements = list.map((entry) => {
    const element = make(entry);
    if (known && !known.has(id(entry))) element.classList.add("new");
    return element;
  });
  const came = known !== null && list.some((entry) => !known.has(id(entry)));
  box.dataset.key = key;
  box.known = new Set(list.map(id));
  const top = box.scrollTop;
  box.replaceChildren(...(elements.length ? elements : [h("p", { class: "empty" }, empty)]));
  box.scrollTop = box.pinned || came || !known ? box.scrollHeight : top;
  return came;
}

// grow lets a text box be as high as its text, up to a limit in CSS.
export function grow(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight + 2}px`;
}

// composer sends on Enter, and on the button.
export function composer(form, area, send) {
  area.addEventListener("input", () => grow(area));
  area.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    form.classList.remove("ready");
    if (!area.value.trim()) return area.focus();
    if (await send(area.value)) {
      area.value = "";
      grow(area);
    }
  });
}

// suggest puts a text into a composer and shows that it is ready to go.
export function suggest(form, area, text) {
  area.value = text;
  grow(area);
  form.classList.remove("ready");
  void form.offsetWidth; // starts the animation again
  form.classList.add("ready");
  area.focus({ preventScroll: true });
}
