/** The right column: figures, the routing explanation, the log; and the lights at the top. */

import { byId, h } from "./dom.js";

const log = byId("log");
const MAX_LINES = 500;

let outages = {};
let daemon = null;

/** Names of metrics, and what people call them. */
const FIGURES = [
  ["emails_accepted", "sent"],
  ["pending_emails", "pending"],
  ["failed_emails", "failed"],
  ["send_refusals_total", "retries"],
  ["plugin_data_writes_total", "writes"],
  ["watch_reconnects_total", "reconnects"],
];

/** Shows figures and readiness; null while the daemon does not answer. */
export function showDaemon(view) {
  daemon = view;
  const values = view?.values ?? {};
  const delays = values["email_delay_seconds_count"];
  const average = delays > 0 ? values["email_delay_seconds_sum"] / delays : undefined;
  const figure = (value, name) => h("div", {}, h("dt", {}, name), h("dd", {}, value));
  byId("figures").replaceChildren(
    ...FIGURES.map(([key, name]) => figure(view ? String(values[key] ?? 0) : "–", name)),
    figure(average === undefined ? "–" : inSeconds(average), "delay"),
    figure(memory(values["process_resident_memory_bytes"]), "memory"),
  );
  const words = view?.readiness ?? "The daemon does not answer.";
  byId("readiness").textContent = words === "ok" ? "Ready." : words;
  drawLights();
}

/** Shows which servers are down, and until when. */
export function showOutages(ends) {
  outages = ends;
  for (const button of document.querySelectorAll("[data-break]")) {
    button.disabled = button.dataset.break in ends;
  }
  drawLights();
}

function drawLights() {
  const isReady = daemon?.values.ready === 1;
  light("light-cluster", outages.cluster === undefined, downFor(outages.cluster, "Cluster"));
  light("light-mail", outages.mail === undefined, downFor(outages.mail, "Mail server"));
  light("light-daemon", isReady, isReady ? "Daemon ready" : "Daemon not ready");
}

function light(id, isGood, text) {
  byId(id).className = isGood ? "good" : "bad";
  byId(id).querySelector("span").textContent = text;
}

function downFor(end, name) {
  if (end === undefined) return `${name} up`;
  return `${name} down, ${Math.max(0, Math.ceil((end - Date.now()) / 1000))} s`;
}

setInterval(() => Object.keys(outages).length > 0 && drawLights(), 500);

/** `12 ms`, `1.4 s`. */
function inSeconds(seconds) {
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

function memory(bytes) {
  return bytes === undefined ? "–" : `${Math.round(bytes / 1024 / 1024)} MiB`;
}

/** Replaces the log. */
export function showLog(lines) {
  log.replaceChildren();
  for (const line of lines) addLine(line);
}

/** Time, level, message, and fields such as `host:localhost`. */
const LINE = /^\S*T(\d\d:\d\d:\d\d)\S*\s+([A-Z]+)\s+(.*?)(( [a-z_]+:.*)?)$/;

/** Adds a line; the log stays at its end unless the reader scrolled up. */
export function addLine(line) {
  const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  const [, time, level, message, fields] = LINE.exec(line) ?? [];
  log.append(
    time === undefined ? h("li", {}, line) : h(
      "li",
      { class: level.toLowerCase() },
      h("time", {}, time),
      h("b", {}, level),
      message,
      h("span", {}, fields),
    ),
  );
  if (log.children.length > MAX_LINES) log.firstElementChild.remove();
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

const routing = byId("routing");
let explained;

/** Asks why whom; the answer of `teleport-email route`. */
export async function explain(id) {
  if (explained === id) return;
  explained = id;
  routing.replaceChildren(h("p", { class: "empty" }, "Asking teleport-email route …"));
  const response = await fetch(`route?id=${encodeURIComponent(id)}`).catch(() => undefined);
  const answer = await response?.json() ?? { error: "The playground does not answer." };
  if (explained !== id) return;
  if (answer.error !== undefined) {
    explained = undefined;
    routing.replaceChildren(h("p", { class: "error" }, answer.error));
    return;
  }
  routing.replaceChildren(...explanation(answer.route));
}

const DECIDED_BY = {
  rules: "Access monitoring rules of the cluster decide.",
  routes: "Routes of the configuration decide.",
  silence: "A route of the configuration silences this request.",
  map: "The map of roles decides.",
};

function explanation(route) {
  const decided = DECIDED_BY[route.decided_by] ?? `Decided by ${route.decided_by}.`;
  const steps = [
    ...route.rules.map((step) => stepElement("rule", step)),
    ...route.routes.map((step) => stepElement("route", step)),
  ];
  return [
    h("p", {}, decided),
    h(
      "ul",
      { class: "who" },
      ...route.recipients.map(({ address, because }) =>
        h("li", {}, h("strong", {}, address), h("span", {}, because))
      ),
      ...route.left_out.map(({ recipient, because, reason }) =>
        h(
          "li",
          { class: "left-out" },
          h("s", {}, recipient),
          h("span", {}, `${because}: ${reason}`),
        )
      ),
    ),
    steps.length > 0 ? h("ul", { class: "steps" }, ...steps) : "",
  ];
}

function stepElement(kind, { name, matched, decided_by: part, note, error }) {
  const verdict = matched ? "matches" : "does not match";
  const why = part ?? note ?? error;
  return h(
    "li",
    { class: matched ? "matched" : "" },
    `${kind} ${name} ${verdict}`,
    why ? h("code", {}, why) : undefined,
  );
}
