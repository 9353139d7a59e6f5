// Telegram, twice: a citizen's chat with the bot, and the staff's chats.

import { $, h, avatar, changed, composer, fill, icon, linked, options } from "./dom.js";
import { post, problem } from "./api.js";
import { day, time } from "./clock.js";

const tags = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code", pre: "pre", blockquote: "blockquote", spoiler: "span", text_link: "a" };
const icons = { document: "file", voice: "voice", location: "place", contact: "staff" };

// marked shows a text with its entities; their offsets are UTF-16 units, as
// JavaScript counts.
function marked(text, entities) {
  const known = (entities ?? []).filter((e) => tags[e.type]).sort((a, b) => a.offset - b.offset || b.length - a.length);
  const build = (from, to, list) => {
    const parts = [];
    let at = from;
    while (list.length) {
      const e = list.shift();
      if (e.offset < at) continue;
      const inner = [];
      while (list.length && list[0].offset < e.offset + e.length) inner.push(list.shift());
      parts.push(...linked(text.slice(at, e.offset)));
      const attributes = e.type === "text_link" && /^https?:/.test(e.url) ? { href: e.url, target: "_blank", rel: "noopener noreferrer" } : {};
      parts.push(h(tags[e.type], attributes, build(e.offset, e.offset + e.length, inner)));
      at = e.offset + e.length;
    }
    parts.push(...linked(text.slice(at, to)));
    return parts;
  };
  return build(0, text.length, [...known]);
}

function quote(m) {
  return m.reply_to && h("div", { class: "quote" }, h("b", {}, m.reply_to.name), h("span", {}, m.reply_to.text || "…"));
}

function keyboard(m, press) {
  return m.buttons && h("div", { class: "keyboard" }, m.buttons.map((row) => h("div", {}, row.map((b) => (b.url
    ? h("a", { class: "key", href: /^https?:/.test(b.url) ? b.url : null, target: "_blank", rel: "noopener noreferrer" }, b.text, " ↗")
    : h("button", { class: "key", type: "button", onclick: (event) => press(m, b, event.currentTarget) }, b.text))))));
}

// thread shows a chat as one of its people, me, sees it.
function thread(box, chat, me, press, reply) {
  let last = "";
  let speaker = 0;
  return fill(box, `${chat.id} ${me}`, chat.messages, (m) => m.id, (m) => {
    const today = day(m.at);
    const divider = today !== last && h("div", { class: "divider" }, today);
    const name = chat.kind === "group" && (m.from !== speaker || divider);
    last = today;
    speaker = m.from;
    if (m.kind === "service") return h("div", { class: "line" }, divider, h("div", { class: "divider" }, m.text));
    const mine = m.from === me;
    return h("div", { class: `line ${mine ? "mine" : "theirs"}`, "data-message": m.id }, divider,
      h("div", { class: "bubble", ondblclick: () => reply(m), title: "Double-click to reply" },
        name && !mine && h("b", { class: "speaker" }, m.name, m.bot && " · bot"), quote(m),
        m.kind === "photo" && h("span", { class: "picture", role: "img", "aria-label": "Photo" }),
        m.kind !== "text" && m.kind !== "photo" && icons[m.kind] && h("span", { class: "kind" }, icon(icons[m.kind])),
        marked(m.text, m.entities),
        h("span", { class: "stamp" }, m.edited && "edited ", time(m.at), mine && " ✓✓")),
      keyboard(m, press));
  }, chat.kind === "citizen" ? "Tell the bot what is wrong." : "Quiet. A card comes with the first complaint.");
}

// quoting shows what the next message answers. A prompt of the bot that is
// still the last message is answered by itself, as the real program does.
class Quoting {
  constructor(box, area) {
    Object.assign(this, { box, area, message: null, declined: 0 });
  }

  set(message) {
    this.message = message;
    this.box.hidden = !message;
    if (message) {
      this.box.replaceChildren(h("span", {}, h("b", {}, `Reply to ${message.name}`), h("small", {}, message.text.slice(0, 120))),
        h("button", { type: "button", class: "icon", "aria-label": "Do not reply to it", onclick: () => { this.declined = message.id; this.set(null); } }, "✕"));
    }
  }

  follow(messages) {
    const last = messages[messages.length - 1];
    if (last?.prompt && last.id !== this.declined && this.message?.id !== last.id) this.set(last);
    if (this.message && !messages.some((m) => m.id === this.message.id)) this.set(null);
  }

  take() {
    const id = this.message?.id ?? 0;
    this.set(null);
    return id;
  }
}

let citizenQuote;
let staffQuote;
let room = null;     // id of the staff chat that is open
let chosen = false;  // by a person: do not move away from it
let read = new Map(); // staff chat → number of messages seen
let refreshAll;
let state = null;

async function press(chat, from, message, button, element) {
  element.setAttribute("aria-busy", "true");
  const answer = await post("telegram/press", { chat, from, message: message.id, data: button.callback_data });
  element.removeAttribute("aria-busy");
  if (answer?.text) toast(answer.text);
  else if (answer && !answer.answered) problem("The bot did not answer the button.");
}

let hideToast;
function toast(text) {
  $("toast").textContent = text;
  $("toast").hidden = false;
  clearTimeout(hideToast);
  hideToast = setTimeout(() => { $("toast").hidden = true; }, 4000);
}

export function showChat(state) {
  const chats = state.chats.filter((c) => c.kind === "citizen");
  options($("chatwho"), chats.map((c) => [c.id, c.title]));
  const chat = chats.find((c) => String(c.id) === $("chatwho").value) ?? chats[0];
  if (!chat) return false;
  citizenQuote.follow(chat.messages);
  return thread($("chatthread"), chat, chat.id, (m, b, e) => press(chat.id, chat.id, m, b, e), (m) => citizenQuote.set(m));
}

export function showStaff(fresh) {
  state = fresh;
  const last = (c) => c.messages.at(-1)?.at ?? "";
  const chats = state.chats.filter((c) => c.kind !== "citizen")
    .sort((a, b) => (b.kind === "group") - (a.kind === "group") || last(b).localeCompare(last(a)));
  const staff = chats.filter((c) => c.kind === "staff").sort((a, b) => (a.level ?? 9) - (b.level ?? 9));
  options($("staffwho"), staff.map((c) => [c.id, c.level ? `${c.title} · level ${c.level}` : c.title]));
  let chat = chats.find((c) => c.id === room) ?? chats[0];
  if (!chat) return false;
  if (!chosen && !chat.messages.length) chat = chats.find((c) => c.messages.length) ?? chat; // to where something happens
  room = chat.id;
  const me = chat.kind === "group" ? Number($("staffwho").value) : chat.id;
  if (chat.kind === "staff") $("staffwho").value = String(chat.id);
  read.set(chat.id, chat.messages.length);
  const unreads = chats.map((c) => c.messages.length - (read.get(c.id) ?? 0));
  if (changed($("rooms"), room, unreads, chats.map((c) => c.id))) $("rooms").replaceChildren(...chats.map((c, i) => {
    const unread = unreads[i];
    return h("button", {
      class: "room", role: "tab", "aria-selected": c.id === room, title: c.level ? `${c.title}, level ${c.level}` : c.title,
      onclick: () => { room = c.id; chosen = true; staffQuote.set(null); refreshAll(); },
    }, avatar(c.title), h("span", {}, c.kind === "group" ? c.title : c.title.split(" ")[0]), c.level && h("em", {}, `L${c.level}`),
    unread > 0 && h("i", { class: "badge" }, String(unread)));
  }));
  staffQuote.follow(chat.messages);
  const came = thread($("staffthread"), chat, me, (m, b, e) => press(chat.id, me, m, b, e), (m) => staffQuote.set(m));
  return came || unreads.some((n) => n > 0);
}

// openRoom opens where an officer works: the group, or the own chat.
export function openRoom(state, login) {
  const chats = state.chats.filter((c) => c.kind !== "citizen");
  const chat = chats.find((c) => c.kind === "group") ?? chats.find((c) => c.login === login);
  if (chat) room = chat.id;
}

export function startChats(refresh) {
  refreshAll = refresh;
  citizenQuote = new Quoting($("chatquoting"), $("chattext"));
  staffQuote = new Quoting($("staffquoting"), $("stafftext"));
  $("chatwho").addEventListener("change", refresh);
  $("staffwho").addEventListener("change", () => { // in the group: who acts; else: whose chat
    if (state?.chats.find((c) => c.id === room)?.kind !== "group") {
      room = Number($("staffwho").value);
      chosen = true;
      staffQuote.set(null);
    }
    refresh();
  });
  const citizen = () => Number($("chatwho").value);
  composer($("chatform"), $("chattext"), (text) => post("telegram", { chat: citizen(), from: citizen(), text, reply_to: citizenQuote.take() }));
  $("chatphoto").addEventListener("click", () => post("telegram", { chat: citizen(), from: citizen(), text: $("chattext").value, photo: true }));
  $("chatplace").addEventListener("click", () => post("telegram", { chat: citizen(), from: citizen(), place: true }));
  composer($("staffform"), $("stafftext"), (text) => post("telegram", { chat: room, from: Number($("staffwho").value), text, reply_to: staffQuote.take() }));
}
