/** The middle column: recipients, their threads, and the emails of the open thread. */

import { badge, byId, h, timeOf } from "./dom.js";
import { review } from "./requests.js";

const accounts = byId("accounts");
const threads = byId("threads");
const dark = matchMedia("(prefers-color-scheme: dark)");

const MAX_MAILS = 500;

let mails = [];
const read = new Set();
/** The open inbox and, in it, the open thread and email. */
let inbox;
let open;
let part = "html";
let isPhone = false;
let scheme = dark.matches ? "dark" : "light";

/** Until an inbox is chosen, the first reviewer's is shown, or else the one that got the first email. */
let isChosen = false;
let firstReviewer;

/** Replaces all emails. */
export function showMails(views, { reviewers: [reviewer] }) {
  firstReviewer = reviewer;
  mails = [...views];
  const preferred = mails.find(({ to }) => to === firstReviewer) ?? mails[0];
  if (inbox === undefined && preferred !== undefined) openInbox(preferred.to);
  else draw();
}

/** Adds an email. The open thread goes on with its newest one. */
export function showMail(view) {
  mails.push(view);
  if (mails.length > MAX_MAILS) mails.shift();
  const isPreferred = !isChosen && view.to === firstReviewer && inbox !== firstReviewer;
  if (isPreferred && open !== undefined) read.delete(open.number);
  if (inbox === undefined || isPreferred) openInbox(view.to);
  else if (view.to === inbox && open?.thread === view.thread) show(view);
  else draw();
}

function choose(name) {
  isChosen = true;
  openInbox(name);
}

function openInbox(name) {
  inbox = name;
  const newest = mails.findLast(({ to }) => to === name);
  if (newest !== undefined) show(newest);
  else draw();
}

function show(view) {
  open = view;
  read.add(view.number);
  draw();
}

function draw() {
  drawAccounts();
  drawThreads();
}

/** Elements are kept where they can be, so that the focus stays. */
function drawAccounts() {
  const names = [...new Set(mails.map(({ to }) => to))].sort();
  const unread = (name) =>
    mails.filter((mail) => mail.to === name && !read.has(mail.number)).length;
  const focused = document.activeElement?.dataset?.inbox;
  accounts.replaceChildren(...names.map((name) => {
    const count = unread(name);
    return h(
      "button",
      {
        type: "button",
        "data-inbox": name,
        "aria-pressed": String(name === inbox),
        onclick: () => choose(name),
      },
      name,
      count > 0 ? h("b", { class: "count", title: `${count} unread` }, String(count)) : undefined,
    );
  }));
  if (focused) accounts.querySelector(`[data-inbox="${CSS.escape(focused)}"]`)?.focus();
  const total = mails.filter(({ number }) => !read.has(number)).length;
  byId("unread-total").textContent = String(total);
  byId("unread-total").hidden = total === 0;
  byId("no-mail").hidden = mails.length > 0;
}

function drawThreads() {
  const own = mails.filter(({ to }) => to === inbox);
  const grouped = Map.groupBy(own, ({ thread }) => thread);
  const newestFirst = [...grouped.values()].sort((a, b) => b.at(-1).number - a.at(-1).number);
  const focused = document.activeElement?.dataset?.focus;
  const reader = threads.querySelector(".reader");
  const isSame = reader?.dataset.mail === keyOf(open);
  threads.replaceChildren(...newestFirst.map((thread) => threadElement(thread, isSame && reader)));
  if (focused) threads.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

const keyOf = (mail) => mail && `${mail.number} ${part} ${isPhone} ${scheme}`;

function threadElement(thread, reader) {
  const isOpen = thread.includes(open);
  const last = thread.at(-1);
  const state = thread.findLast((mail) => mail.state)?.state;
  const unread = thread.some(({ number }) => !read.has(number));
  const heading = h(
    "button",
    {
      type: "button",
      class: "thread-head",
      "data-focus": `thread ${last.thread}`,
      "aria-expanded": String(isOpen),
      onclick: () => show(last),
    },
    h(
      "span",
      { class: unread ? "subject unread" : "subject", title: thread[0].subject },
      thread[0].subject,
    ),
    state ? badge(state) : undefined,
    h("small", {}, thread.length === 1 ? "1 email" : `${thread.length} emails`),
  );
  const emails = isOpen
    ? h("ol", { class: "emails" }, ...thread.map((mail) => emailElement(mail, reader)))
    : undefined;
  return h("article", { class: isOpen ? "thread open" : "thread" }, heading, emails);
}

function emailElement(mail, reader) {
  const isOpen = mail === open;
  const first = mail.text.split("\n").find((line) => line.trim() !== "") ?? "";
  const head = h(
    "button",
    {
      type: "button",
      class: "email-head",
      "data-focus": `mail ${mail.number}`,
      "aria-expanded": String(isOpen),
      onclick: () => show(mail),
    },
    h("span", { class: read.has(mail.number) ? undefined : "unread" }, first),
    h("time", { datetime: mail.receivedAt }, timeOf(mail.receivedAt)),
  );
  return h("li", {}, head, isOpen ? reader || readerElement(mail) : undefined);
}

function readerElement(mail) {
  const element = h("div", { class: "reader", "data-mail": keyOf(mail) });
  const tab = (name, label) =>
    h("button", {
      type: "button",
      "data-focus": `part ${name}`,
      "aria-pressed": String(part === name),
      onclick: () => {
        part = name;
        draw();
      },
    }, label);
  const toggle = (label, pressed, onclick) =>
    h("button", {
      type: "button",
      "data-focus": `toggle ${label}`,
      "aria-pressed": String(pressed),
      onclick,
    }, label);
  const looks = part === "html"
    ? h(
      "div",
      { class: "segments", role: "group", "aria-label": "Display" },
      toggle("Phone", isPhone, () => {
        isPhone = !isPhone;
        draw();
      }),
      toggle("Dark", scheme === "dark", () => {
        scheme = scheme === "dark" ? "light" : "dark";
        draw();
      }),
    )
    : undefined;
  element.append(
    h("p", { class: "route-line" }, `${mail.from} to ${mail.to}`),
    h(
      "div",
      { class: "bar" },
      h(
        "div",
        { class: "segments", role: "group", "aria-label": "Part" },
        mail.hasHtml ? tab("html", "HTML") : undefined,
        tab("text", "Text"),
        tab("source", "Source"),
      ),
      looks,
    ),
    content(mail),
  );
  return element;
}

function content(mail) {
  if (part === "html" && mail.hasHtml) return frame(mail);
  const text = h("pre", { class: "plain", tabindex: "0" }, part === "source" ? "…" : mail.text);
  if (part === "source") {
    fetch(`mail/${mail.number}/source`).then((response) => response.text())
      .then((source) => text.textContent = source, () => text.textContent = "Not available.");
  }
  return text;
}

/** The email in a frame without scripts; its links select the request instead of leaving the page. */
function frame(mail) {
  const element = h("iframe", {
    title: `Email to ${mail.to}: ${mail.subject}`,
    class: isPhone ? "phone" : undefined,
    sandbox: "allow-same-origin",
    src: `mail/${mail.number}/html?scheme=${scheme}`,
  });
  element.addEventListener("load", () => {
    const page = element.contentDocument;
    if (page === null) return;
    const fit = () => element.style.height = `${page.body.offsetHeight + 2}px`;
    fit();
    new ResizeObserver(fit).observe(page.body);
    page.addEventListener("click", (event) => {
      const link = event.target.closest("a[href]");
      if (link === null) return;
      event.preventDefault();
      const [, id] = /\/requests\/([^/?#]+)/.exec(link.href) ?? [];
      if (id !== undefined) review(decodeURIComponent(id), mail.to);
    });
  });
  return element;
}

dark.addEventListener("change", () => {
  scheme = dark.matches ? "dark" : "light";
  draw();
});
