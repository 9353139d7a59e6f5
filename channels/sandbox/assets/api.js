// The page's side of /sandbox/api: one live state, and actions.

import { $ } from "./dom.js";

let stream;
let hideProblem;

export function problem(text) {
  $("problem").textContent = text;
  $("problem").hidden = false;
  clearTimeout(hideProblem);
  hideProblem = setTimeout(() => { $("problem").hidden = true; }, 6000);
}

// post does an action; it returns the answer, or null after telling why not.
export async function post(path, body) {
  try {
    const response = await fetch(`api/${path}`, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    const answer = await response.json();
    if (response.ok) return answer;
    problem(answer.error);
  } catch {
    problem("The sandbox does not answer. Is it still running?");
  }
  return null;
}

// listen calls show with each state, with one case in full.
export function listen(reference, show) {
  stream?.close();
  stream = new EventSource(`api/events?case=${encodeURIComponent(reference)}`);
  stream.addEventListener("state", (event) => {
    $("live").className = "live on";
    show(JSON.parse(event.data));
  });
  stream.addEventListener("error", () => { $("live").className = "live"; });
}
