// The cases: a list, and one with its fields and its story as it happens.

import { $, changed, h, linked } from "./dom.js";
import { day, moment, now, span, time } from "./clock.js";

let tab = "story";
let known = new Set();
let levels = 3;

const words = (code) => code.replaceAll("_", " ").replaceAll("-", " ");
const name = (code) => (code ? code[0].toUpperCase() + words(code).slice(1) : null);
const field = (label, value) => value !== null && value !== undefined && value !== "" && h("div", {}, h("dt", {}, label), h("dd", {}, value));

// due says how long there is, by the simulated clock.
function due(c) {
  if (c.closed_at) return ["calm", `closed ${moment(c.closed_at)}`];
  if (c.resolved_at) return ["calm", `resolved ${moment(c.resolved_at)}`];
  if (c.deferred_until) return ["calm", `deferred to ${day(c.deferred_until)}`];
  if (!c.due_at) return ["calm", "no due date"];
  const left = new Date(c.due_at) - now();
  if (left < 0) return ["late", `late by ${span(-left)}`];
  return [left < 24 * 3600e3 ? "soon" : "calm", `due in ${span(left)}`];
}

function ladder(c) {
  const steps = Array.from({ length: Math.max(levels, c.level) }, (_, i) => h("i", { class: i < c.level ? "on" : "" }));
  return h("span", { class: "ladder", title: `Level ${c.level}` }, steps, `level ${c.level}`);
}

function head(c) {
  const [mood, text] = due(c);
  return h("div", { class: "casehead" },
    h("div", { class: "row" }, h("span", { class: "reference" }, c.reference), h("span", { class: `status ${c.status}` }, name(c.status))),
    h("p", { class: "what" }, c.subject || c.description),
    h("div", { class: "row wrap" }, h("span", { class: `due ${mood}` }, text), ladder(c), h("span", { class: `priority ${c.priority}` }, c.priority)));
}

function fields(c) {
  return h("dl", { class: "fields" },
    field("Service", name(c.service) ?? "Not known yet"), field("Area", name(c.area)), field("Department", name(c.department)),
    field("Owner", c.owner && name(c.owner)), field("Contact", c.contact.name || (c.contact.addresses ?? [])[0]?.replace(/^\w+:/, "")), field("Came by", `${c.channel.length < 4 ? c.channel.toUpperCase() : name(c.channel)}, ${c.language}`),
    field("Due", c.due_at && `${day(c.due_at)}, ${time(c.due_at)}`), field("Rating", c.rating && "★".repeat(c.rating) + "☆".repeat(5 - c.rating)),
    field("Outcome", name(c.outcome)), field("Remedy", c.remedy));
}

function story(c) {
  const events = [...(c.events ?? [])].reverse();
  const fresh = new Set(events.map((e) => `${c.reference} ${e.at} ${e.kind} ${e.note}`));
  const list = h("ol", { class: "timeline" },
    (c.timers ?? []).slice(0, 3).reverse().map((t) => h("li", { class: "ahead" }, h("time", {}, moment(t.at)), h("b", {}, name(t.kind.split(":")[0])), h("small", {}, `in ${span(new Date(t.at) - now())}`))),
    events.map((e) => h("li", { class: `${e.kind}${known.size && !known.has(`${c.reference} ${e.at} ${e.kind} ${e.note}`) ? " new" : ""}` },
      h("time", {}, moment(e.at)), h("b", {}, name(e.kind)), h("small", {}, e.actor), e.note && h("p", {}, linked(e.note)))));
  for (const key of fresh) known.add(key);
  return list;
}

function messages(c) {
  return h("ol", { class: "messages" }, [...(c.messages ?? [])].reverse().map((m) => h("li", { class: m.direction },
    h("div", { class: "row" }, h("b", {}, m.direction === "in" ? "from the complainant" : `to ${m.to}`),
      h("small", {}, `${m.channel} · ${moment(m.at)}`), h("span", { class: `state ${m.state}` }, name(m.state))),
    h("p", {}, linked(m.text)))));
}

function why(c) {
  return h("ol", { class: "reasons" }, (c.reasons ?? []).map((r) => h("li", {}, h("div", { class: "row" }, h("b", {}, r.decision), h("span", { class: "tag" }, r.value || "none")), h("p", {}, r.why))));
}

export function showCases(state, choose, refresh) {
  levels = Math.max(levels, ...state.chats.map((c) => c.level ?? 0));
  $("casecount").textContent = state.cases.length === 1 ? "1 case" : `${state.cases.length} cases`;
  if (changed($("caselist"), state.cases, state.case?.reference)) $("caselist").replaceChildren(...state.cases.map((c) => h("button", {
    class: "caseitem", role: "option", "aria-selected": c.reference === state.case?.reference, onclick: () => choose(c.reference),
  }, h("i", { class: `dot ${c.status}` }), h("b", {}, c.reference), h("span", {}, name(c.service) ?? c.subject))));
  const c = state.case;
  if (!changed($("casebody"), c, tab, moment(now()))) return false; // lengths of time change by the minute
  if (!c) {
    $("casebody").replaceChildren(h("div", { class: "empty tall" }, h("b", {}, "No case yet"),
      h("p", {}, "Complain by text, mail, Telegram or the web form, and watch the case appear here with its number, owner and clock.")));
    return false;
  }
  const top = $("casebody").scrollTop;
  const before = known.size;
  const tabs = h("div", { class: "segments", role: "tablist" }, [["story", "Story", c.events], ["messages", "Messages", c.messages], ["why", "Why", c.reasons]].map(
    ([id, label, list]) => h("button", { role: "tab", "aria-selected": id === tab, onclick: () => { tab = id; refresh(); } }, label, h("small", {}, String((list ?? []).length)))));
  $("casebody").replaceChildren(head(c), fields(c), c.track_url && h("p", { class: "track" }, h("a", { href: /^https?:/.test(c.track_url) ? c.track_url : null, target: "_blank", rel: "noopener noreferrer" }, "Tracking page of the complainant ↗")),
    tabs, { story, messages, why }[tab](c));
  $("casebody").scrollTop = top;
  return before > 0 && known.size > before;
}
