/** The left column: the form, the requests, and what can be done to the selected one. */

import { attempt, badge, byId, h, post, timeOf } from "./dom.js";

const form = byId("new-request");
const decide = byId("decide");
const list = byId("requests");

const requests = new Map();
const cards = new Map();
let selected;
let whenSelected = () => {};

/** Calls back with the id of each request that is selected. */
export function onSelect(listener) {
  whenSelected = listener;
}

/** Fills the form with what the cluster has. */
export function showWorld(world) {
  const options = (names) => names.map((value) => h("option", { value }, value.split("@")[0]));
  form.elements.user.replaceChildren(...options(world.users));
  decide.elements.author.replaceChildren(...options(world.reviewers));
  byId("roles").replaceChildren(
    ...world.roles.map((role, index) => chip("role", role, role, index === 0)),
  );
  byId("reviewers").replaceChildren(
    ...world.reviewers.map((name) => chip("reviewer", name, name.split("@")[0], true)),
  );
  byId("resources").replaceChildren(
    ...world.resources.map(({ label, request }) =>
      chip("resource", JSON.stringify(request), label)
    ),
  );
}

function chip(name, value, label, checked = false) {
  return h(
    "label",
    {},
    h("input", { type: "checkbox", name, value, checked }),
    h("span", {}, label),
  );
}

/** Replaces all requests. */
export function showRequests(views) {
  requests.clear();
  cards.clear();
  decide.hidden = true;
  document.body.append(decide);
  list.replaceChildren();
  for (const view of views) showRequest(view);
  const id = requests.has(selected) ? selected : views.at(-1)?.id;
  if (id !== undefined) select(id);
}

/** Adds or updates a request; a new one is selected, unless another one is being decided. */
export function showRequest(view) {
  const isNew = !requests.has(view.id);
  requests.set(view.id, view);
  byId("no-requests").hidden = true;
  if (isNew) {
    const card = h("article", { class: "card request" });
    cards.set(view.id, card);
    list.prepend(card);
    fill(card, view);
    if (!decide.contains(document.activeElement)) select(view.id);
  } else fill(cards.get(view.id), view);
  if (view.id === selected) showActions();
}

/** Selects a request, as the button of an email does, with its owner as the reviewer. */
export function review(id, reviewer) {
  if (!requests.has(id)) return;
  select(id);
  const { author } = decide.elements;
  if ([...author.options].some(({ value }) => value === reviewer)) author.value = reviewer;
  cards.get(id).scrollIntoView({ block: "nearest", behavior: "smooth" });
  if (!decide.hidden) decide.elements.reason.focus({ preventScroll: true });
}

function select(id) {
  selected = id;
  for (const [other, card] of cards) {
    card.classList.toggle("selected", other === id);
    card.querySelector("button.open").setAttribute("aria-expanded", String(other === id));
  }
  cards.get(id).append(decide);
  showActions();
  whenSelected(id);
}

/** Buttons and selects keep their focus and values: only their visibility changes. */
function showActions() {
  decide.hidden = requests.get(selected)?.state !== "PENDING";
}

function fill(card, view) {
  const what = [...view.resources, ...view.roles.map((role) => `role ${role}`)].join(", ");
  const summary = h(
    "div",
    { class: "summary" },
    h(
      "button",
      {
        type: "button",
        class: "open",
        "aria-expanded": String(view.id === selected),
        onclick: () => select(view.id),
      },
      h("strong", {}, what || "access"),
    ),
    badge(view.state),
    h("p", { class: "facts" }, factsOf(view)),
    view.reason ? h("p", { class: "quote" }, view.reason) : undefined,
    ...view.reviews.map(reviewLine),
    view.decisionReason ? h("p", { class: "quote" }, view.decisionReason) : undefined,
  );
  const before = card.querySelector(".summary");
  // Where the summary has the focus, its successor takes it.
  const hadFocus = before?.contains(document.activeElement);
  if (before) before.replaceWith(summary);
  else card.prepend(summary);
  if (hadFocus) summary.querySelector("button").focus();
}

function factsOf(view) {
  const open = view.state === "PENDING";
  return [
    view.user,
    view.isLongTerm ? "long-term" : undefined,
    open && view.approvalsNeeded > 0
      ? `${view.approvals} of ${view.approvalsNeeded} approvals`
      : undefined,
    open && view.decideBefore ? `decide before ${timeOf(view.decideBefore)}` : undefined,
    view.accessList ? `access list ${view.accessList}` : undefined,
  ].filter(Boolean).join(" · ");
}

function reviewLine({ author, state, reason }) {
  const verb = state === "APPROVED" ? "approved" : state === "DENIED" ? "denied" : "reviewed";
  return h("p", { class: "review" }, `${author} ${verb}`, reason ? `: ${reason}` : "");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const isLong = fields.get("access") === "long";
  const resources = fields.getAll("resource");
  attempt(form.querySelector(".error"), async () => {
    const roles = fields.getAll("role");
    if (roles.length + resources.length === 0) throw new Error("Choose a role or a resource.");
    const start = fields.get("start");
    await post("create", {
      user: fields.get("user"),
      roles: roles.join(","),
      resources: resources.length > 0 ? `[${resources.join(",")}]` : "",
      reviewers: fields.getAll("reviewer").join(","),
      reason: fields.get("reason"),
      approve: fields.get("approve"),
      deny: "1",
      expires: fields.get("expires"),
      ...isLong ? { kind: "long", "access_list": "operators" } : {
        kind: "short",
        "assume_start": start,
        "max_duration": fields.get("access"),
        "access_expires": fields.get("access"),
        "session_ttl": fields.get("access"),
      },
    });
    form.elements.reason.value = "";
  });
});

decide.addEventListener("submit", (event) => {
  event.preventDefault();
  const id = selected;
  const author = decide.elements.author.value;
  const reason = decide.elements.reason.value;
  const list = { name: "operators", title: "Operators" };
  const calls = {
    "review-approve": ["review", { id, author, reason, state: "APPROVED" }],
    "review-deny": ["review", { id, author, reason, state: "DENIED" }],
    approve: ["approve", { id, reason }],
    deny: ["deny", { id, reason }],
    promote: ["promote", { id, reason, ...list }],
    expire: ["expire", { id }],
  };
  attempt(decide.querySelector(".error"), async () => {
    await post(...calls[event.submitter?.value ?? "review-approve"]);
    decide.elements.reason.value = "";
  });
});
