// The page: it shows one live state in five parts.

import { $ } from "./dom.js";
import { listen } from "./api.js";
import { showClock, startClock } from "./clock.js";
import { showPhone, startPhone } from "./phone.js";
import { showMail, startMail } from "./mail.js";
import { showChat, showStaff, startChats } from "./chat.js";
import { showCases } from "./case.js";
import { showStory, startStory } from "./story.js";

let state = null;

const parts = {
  phone: () => showPhone(state),
  mail: () => showMail(state),
  chat: () => showChat(state),
  staff: () => showStaff(state),
  case: () => showCases(state, choose, show),
};

function show() {
  if (!state) return;
  showClock(state);
  showStory(state);
  $("form").href = state.city.form;
  for (const [tab, part] of Object.entries(parts)) {
    const came = part();
    const button = document.querySelector(`.tabs [data-tab=${tab}]`);
    if (came && document.body.dataset.tab !== tab) button.classList.add("unread");
  }
}

function choose(reference) {
  listen(reference, (fresh) => { state = fresh; show(); });
}

function open(tab) {
  document.body.dataset.tab = tab;
  for (const button of document.querySelectorAll(".tabs [data-tab]")) {
    const here = button.dataset.tab === tab;
    button.toggleAttribute("aria-current", here);
    if (here) button.classList.remove("unread");
  }
}

function startTheme() {
  const root = document.documentElement;
  const saved = localStorage.getItem("theme");
  if (saved) root.dataset.theme = saved;
  $("theme").addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.theme);
  });
}

for (const button of document.querySelectorAll(".tabs [data-tab]")) {
  button.addEventListener("click", () => { open(button.dataset.tab); show(); });
}
startTheme();
startClock();
startPhone(show);
startMail(show);
startChats(show);
startStory(open, show);
open("phone");
choose("");
