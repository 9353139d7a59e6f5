// The app's clock: how it is shown, and how it is moved.

import { $ } from "./dom.js";
import { post } from "./api.js";

let ahead = 0;
let next = null;
let zone = "UTC";
const formats = new Map();

export const now = () => new Date(Date.now() + ahead * 1000);

function format(options, date) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key).format(date);
}

export const time = (date) => format({ hour: "2-digit", minute: "2-digit" }, new Date(date));
export const day = (date) => format({ weekday: "short", day: "numeric", month: "short" }, new Date(date));

// moment is the time alone for today, else with the day.
export const moment = (date) => (day(date) === day(now()) ? time(date) : `${day(date)}, ${time(date)}`);

// span says a length of time in its two greatest units.
export function span(milliseconds) {
  const minutes = Math.max(0, Math.round(milliseconds / 60000));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60];
  if (days) return hours && days < 10 ? `${days} d ${hours} h` : `${days} d`;
  if (hours) return rest ? `${hours} h ${rest} min` : `${hours} h`;
  return minutes ? `${minutes} min` : "under a minute";
}

function tick() {
  $("time").textContent = time(now());
  $("date").textContent = format({ weekday: "long", day: "numeric", month: "long", year: "numeric" }, now());
  for (const wall of document.querySelectorAll("time.wall")) wall.textContent = time(now());
  $("next").disabled = !next;
  $("nextlabel").textContent = next ? `Next timer, in ${span(new Date(next) - now())}` : "No timer waits";
}

export function showClock(state) {
  if (ahead !== state.clock.ahead) {
    $("time").parentElement.classList.remove("moved");
    void $("time").offsetWidth;
    $("time").parentElement.classList.add("moved");
  }
  ahead = state.clock.ahead;
  next = state.clock.next;
  zone = state.city.timezone;
  tick();
}

async function move(button, request) {
  document.body.classList.add("moving");
  button.setAttribute("aria-busy", "true");
  await post("clock", request);
  button.removeAttribute("aria-busy");
  document.body.classList.remove("moving");
}

export function startClock() {
  for (const button of document.querySelectorAll("[data-advance]")) {
    button.addEventListener("click", () => move(button, { advance: button.dataset.advance }));
  }
  $("next").addEventListener("click", () => move($("next"), { next: true }));
  setInterval(tick, 1000);
  tick();
}
