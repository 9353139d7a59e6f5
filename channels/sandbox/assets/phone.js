// A citizen's phone: one thread of text messages with the city.

import { $, h, composer, fill, linked, options } from "./dom.js";
import { post } from "./api.js";
import { day, time } from "./clock.js";

const states = { sending: "Sending…", queued: "Sending…", sent: "Sent", delivered: "Delivered", undelivered: "Not delivered", failed: "Failed" };

export function showPhone(state) {
  options($("phonewho"), state.phones.map((p) => [p.number, p.name === p.number ? p.number : `${p.name}, ${p.number}`]));
  const phone = state.phones.find((p) => p.number === $("phonewho").value) ?? state.phones[0];
  $("citynumber").textContent = state.city.number + (phone?.stopped ? ", stopped" : "");
  const messages = phone?.messages ?? [];
  let last = "";
  return fill($("phonethread"), phone?.number ?? "", messages, (m) => m.id, (m) => {
    const today = day(m.at);
    const divider = today !== last && h("div", { class: "divider" }, today);
    last = today;
    return h("div", { class: `line ${m.mine ? "mine" : "theirs"}` }, divider,
      h("div", { class: "bubble" }, m.media > 0 && h("span", { class: "picture", role: "img", "aria-label": "Photo" }), linked(m.text)),
      h("div", { class: "meta" }, time(m.at), " · ", m.carrier ? "from the carrier" : states[m.state] ?? m.state,
        m.segments > 1 && ` · ${m.segments} segments`));
  }, "Text the city what is wrong. The story above has a first line.");
}

export function startPhone(refresh) {
  $("phonewho").addEventListener("change", refresh);
  composer($("phoneform"), $("phonetext"), (body) => post("sms", { from: $("phonewho").value, body }));
  $("phonephoto").addEventListener("click", async () => {
    if (await post("sms", { from: $("phonewho").value, body: $("phonetext").value, photo: true })) $("phonetext").value = "";
  });
}
