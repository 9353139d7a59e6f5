// The story to play: for each step a text, put where its speaker writes.

import { $, h, suggest } from "./dom.js";
import { suggestMail } from "./mail.js";
import { openRoom } from "./chat.js";

const steps = [
  { who: "citizen", label: "Complain", subject: { en: "Burst pipe", hi: "फटी पाइप", es: "Tubería rota" }, text: {
    en: "Water is leaking from a burst pipe near the school in Ward 4 since yesterday",
    hi: "वार्ड 4 में स्कूल के पास फटी पाइप से कल से पानी का रिसाव हो रहा है",
    es: "Desde ayer hay una fuga de agua por una tubería rota cerca de la escuela en Ward 4" } },
  { who: "staff", label: "Accept", text: "/accept REF" },
  { who: "citizen", label: "Add more", text: {
    en: "The water has now reached the classrooms",
    hi: "अब पानी कक्षाओं तक पहुँच गया है",
    es: "El agua ya llegó a las aulas" } },
  { who: "citizen", label: "Where is it?", text: { en: "STATUS", hi: "STATUS", es: "STATUS" } },
  { who: "staff", label: "Ask", text: "/ask REF Which gate of the school is it at?" },
  { who: "citizen", label: "Answer", text: {
    en: "At the back gate, beside the blue shop",
    hi: "पिछले गेट पर, नीली दुकान के पास",
    es: "En la puerta trasera, junto a la tienda azul" } },
  { who: "staff", label: "Resolve", text: "/resolve REF The broken pipe was replaced this morning and tested." },
  { who: "citizen", label: "Not fixed", text: {
    en: "REOPEN still leaking",
    hi: "REOPEN अभी भी रिस रहा है",
    es: "REOPEN sigue goteando" } },
  { who: "clock", label: "Let time pass" },
  { who: "staff", label: "Resolve again", text: "/resolve REF The joint below it was replaced too. No more water." },
  { who: "citizen", label: "Rate it", text: { en: "RATE 5", hi: "RATE 5", es: "RATE 5" } },
  { who: "citizen", label: "Another one", subject: { en: "Street light", hi: "स्ट्रीट लाइट", es: "Alumbrado" }, text: {
    en: "NEW The street light outside 12 Lake Road in Ward 2 has been dark for a week",
    hi: "NEW वार्ड 2 में लेक रोड 12 के बाहर की स्ट्रीट लाइट एक हफ़्ते से बंद है",
    es: "NEW El alumbrado público frente a Lake Road 12 en Ward 2 lleva una semana apagado" } },
];

const done = new Set();
let state = null;
let openTab;

function play(step, index) {
  const channel = $("storychannel").value;
  const language = $("storylanguage").value;
  if (step.who === "clock") {
    $("next").classList.remove("ready");
    void $("next").offsetWidth;
    $("next").classList.add("ready");
    $("next").focus();
  } else if (step.who === "staff") {
    if (state?.case) openRoom(state, state.case.owner);
    openTab("staff");
    suggest($("staffform"), $("stafftext"), step.text.replace("REF", state?.case?.reference ?? "REF"));
  } else if (channel === "mail") {
    openTab("mail");
    suggestMail(step.text[language], step.subject?.[language]);
  } else {
    openTab(channel === "sms" ? "phone" : "chat");
    const [form, area] = channel === "sms" ? ["phoneform", "phonetext"] : ["chatform", "chattext"];
    suggest($(form), $(area), step.text[language]);
  }
  done.add(index);
  show();
}

function show() {
  const next = Math.max(-1, ...done) + 1;
  $("steps").replaceChildren(...steps.map((step, i) => h("li", {}, h("button", {
    class: `step ${step.who}${done.has(i) ? " done" : ""}${i === next ? " current" : ""}`, onclick: () => play(step, i),
    title: step.who === "staff" ? "The officer writes" : step.who === "clock" ? "Move the clock" : "The citizen writes",
  }, h("i", {}, done.has(i) ? "✓" : String(i + 1)), step.label))));
}

export function showStory(fresh) {
  state = fresh;
}

export function startStory(open, refresh) {
  openTab = (tab) => { open(tab); refresh(); };
  show();
}
