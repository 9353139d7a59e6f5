// A citizen's mail client: a list, a mail to read, and a form to write.

import { $, h, avatar, changed, grow, linked, options, suggest } from "./dom.js";
import { post } from "./api.js";
import { moment } from "./clock.js";

let shown = "";      // id of the mail that is read
let writing = false; // a new mail, not a reply
let seen = new Set();
let box = null;

// body shows a mail's text; what is quoted is paler.
function body(text) {
  return text.trimEnd().split(/\r?\n/).map((line) => h("div", { class: line.startsWith(">") ? "quoted" : "" }, line ? linked(line) : h("br")));
}

function form(city) {
  const mail = box?.mails.find((m) => m.id === shown);
  const fresh = writing || !mail;
  $("mailsubject").hidden = !fresh;
  $("mailtext").placeholder = fresh ? `To ${city}` : `Reply to ${mail.mine ? "the city" : mail.from}`;
  $("compose").setAttribute("aria-pressed", fresh);
}

export function showMail(state) {
  options($("mailwho"), state.mailboxes.map((b) => [b.address, b.name === b.address ? b.address : `${b.name}, ${b.address}`]));
  box = state.mailboxes.find((b) => b.address === $("mailwho").value) ?? state.mailboxes[0];
  const mails = [...(box?.mails ?? [])].reverse();
  const fresh = mails.filter((m) => !seen.has(m.id));
  if (fresh.length && !writing) shown = fresh[0].id;
  if (!mails.some((m) => m.id === shown)) shown = mails[0]?.id ?? "";
  const came = fresh.some((m) => !m.mine);
  for (const m of mails) seen.add(m.id);

  if (changed($("maillist"), box?.address, mails, shown, writing)) $("maillist").replaceChildren(...mails.map((m) => h("button", {
    class: `mailitem${fresh.includes(m) ? " new" : ""}`, role: "option", "aria-selected": m.id === shown && !writing,
    onclick: () => { shown = m.id; writing = false; showMail(state); },
  }, avatar(m.mine ? box.name : m.from), h("span", {},
    h("span", { class: "row" }, h("b", {}, m.mine ? "You" : m.from), h("small", {}, moment(m.at))),
    h("span", { class: "subject" }, m.subject || "(no subject)"),
    h("span", { class: "snippet" }, m.text.replace(/\s+/g, " ").slice(0, 90))))));

  const mail = mails.find((m) => m.id === shown);
  if (!changed($("reading"), box?.address, writing ? "" : mail)) {
    form(state.city.mail);
    return came;
  }
  if (writing || !mail) {
    $("reading").replaceChildren(h("p", { class: "empty" }, "Write to the city. The answer arrives here, and a reply to it stays in its thread."));
  } else {
    $("reading").replaceChildren(
      h("h3", {}, mail.subject || "(no subject)"),
      h("div", { class: "from" }, avatar(mail.mine ? box.name : mail.from),
        h("span", {}, h("b", {}, mail.mine ? "You" : mail.from), h("small", {}, `to ${mail.to} · ${moment(mail.at)}`)),
        mail.automatic && h("span", { class: "tag" }, "automatic")),
      h("div", { class: "text" }, body(mail.text)));
    $("reading").scrollTop = 0;
  }
  form(state.city.mail);
  return came;
}

// suggestMail fills the form: a new mail, or a reply to the city's last.
export function suggestMail(text, subject) {
  const answer = box?.mails.findLast((m) => !m.mine);
  writing = Boolean(subject) || !answer;
  if (!writing) shown = answer.id;
  $("mailsubject").value = subject ?? "";
  suggest($("mailform"), $("mailtext"), text);
}

export function startMail(refresh) {
  $("mailwho").addEventListener("change", () => { writing = false; refresh(); });
  $("compose").addEventListener("click", () => { writing = !writing; refresh(); $("mailsubject").focus(); });
  $("mailtext").addEventListener("input", () => grow($("mailtext")));
  $("mailform").addEventListener("submit", async (event) => {
    event.preventDefault();
    $("mailform").classList.remove("ready");
    const sent = await post("mail", {
      from: $("mailwho").value, subject: $("mailsubject").hidden ? "" : $("mailsubject").value, body: $("mailtext").value,
      reply_to_message_id: $("mailsubject").hidden ? shown : "",
    });
    if (!sent) return;
    writing = false;
    $("mailsubject").value = $("mailtext").value = "";
    grow($("mailtext"));
    refresh();
  });
}
