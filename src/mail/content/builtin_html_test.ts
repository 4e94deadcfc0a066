/** The built-in HTML as mail programs and their users meet it. */

import assert from "node:assert/strict";
import { FileSystemConfigLoader, HtmlValidate } from "html-validate/node";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { composeMail } from "./compose.ts";
import type { Audience, MailData, RequestStatus, TemplateKind } from "./mail_data.ts";
import { sampleAccessLists, sampleData, sampleResourceData } from "./sample_data.ts";
import { loadTemplates } from "./templates.ts";

const loaded = await loadTemplates(undefined);
if (!loaded.ok) throw new Error("Built-in templates do not load");
const { templates } = loaded;

function htmlOf(data: MailData): string {
  const { html, warnings } = composeMail(data, templates, { actions: true });
  assert.deepEqual(warnings, []);
  return html ?? assert.fail("no HTML");
}

const BOTH: readonly Audience[] = ["reviewer", "requester"];

/** Every kind of mail: to whom it goes, and of which states it tells. */
const KINDS: Readonly<Record<TemplateKind, [readonly Audience[], readonly RequestStatus[]]>> = {
  "new": [BOTH, ["PENDING"]],
  "review": [BOTH, ["PENDING"]],
  "reopened": [BOTH, ["PENDING"]],
  "resolution": [BOTH, ["APPROVED", "DENIED", "EXPIRED", "PROMOTED"]],
  "reminder": [["reviewer"], ["PENDING"]],
  "access-ending": [["requester"], ["APPROVED"]],
  "access-list-review": [["owner"], ["PENDING"]],
};

function* kindsOfMail(): Generator<MailData> {
  for (const [kind, [audiences, states]] of Object.entries(KINDS)) {
    for (const audience of audiences) {
      for (const state of states) yield sampleData(kind as TemplateKind, audience, state);
    }
  }
}

/** Each with and without resources, a link, a term and details. */
function* samples(): Generator<MailData> {
  for (const data of kindsOfMail()) {
    const { details: _, ...bare } = data;
    yield data;
    yield sampleResourceData(data);
    yield { ...sampleResourceData(data, true), link: undefined };
    yield { ...bare, user: "", roles: undefined, reason: "", link: undefined };
  }
}

/** The same mail with 100 kB of a text in every field. */
function filled(data: MailData, text: string): MailData {
  const long = text.repeat(Math.ceil(100_000 / text.length));
  // Names are cut far below this length.
  const many = Array.from({ length: 120 }, () => long.slice(0, 2000));
  const accessList = { name: long, title: long };
  return {
    ...sampleResourceData(data),
    id: long,
    cluster: long,
    user: long,
    roles: many,
    reason: long,
    status: { ...data.status, reason: long },
    ...data.accessLists && {
      accessLists: many.map(() => ({
        name: long,
        title: long,
        description: long,
        memberCount: 1e9,
        dueMs: data.nowMs,
        link: "https://example.com",
      })),
    },
    ...data.review && {
      review: { ...data.review, author: long, state: long, reason: long, submittedBy: long },
    },
    ...data.details && {
      details: {
        ...data.details,
        resources: many.map(() => ({
          kind: long,
          name: long,
          friendlyName: long,
          cluster: long,
          part: long,
          constraints: [{ what: long, values: many }],
          labels: new Map([[long, long]]),
        })),
        approvals: many.slice(0, 30).map(() => ({
          roles: many,
          thresholds: [{ name: long, approvals: 0, approvalsNeeded: 2 }],
        })),
        reviewersAsked: many,
        accessList,
        recommendedAccessList: long,
        groupingProblem: long,
        loginHint: long,
        grantedRoles: many,
        decidedBy: many,
      },
    },
  };
}

const HOSTILE = [
  `"'><img src=x onerror=y>`,
  "<script>alert(1)</script>",
  "\u202e\u200f\u2066",
  "ä",
];

Deno.test("The built-in HTML is valid, whatever is in it", async () => {
  const loader = new FileSystemConfigLoader({
    // Mail programs take inline styles alone.
    extends: ["html-validate:recommended"],
    rules: { "no-inline-style": "off" },
  });
  const validator = new HtmlValidate(loader);
  const hostile = [...kindsOfMail()].map((data) => filled(data, HOSTILE.join("")));
  for (const data of [...samples(), ...hostile]) {
    const { results } = await validator.validateString(htmlOf(data));
    const problems = results.flatMap(({ messages }) =>
      messages.map(({ ruleId, message, line }) => `${line}: ${message} (${ruleId})`)
    );
    assert.deepEqual(problems, []);
  }
});

Deno.test("The built-in HTML stays under 60 kB with 100 kB in every field", () => {
  const size = (html: string) => new TextEncoder().encode(html).length;
  for (const data of samples()) assert.ok(size(htmlOf(data)) < 20_000);
  // Of the first, every character but letters is escaped.
  const [longest = ""] = HOSTILE;
  const mails = [
    ...HOSTILE.map((text) => filled(sampleData("new"), text)),
    ...[...kindsOfMail()].map((data) => filled(data, longest)),
  ];
  for (const data of mails) {
    const bytes = size(htmlOf(data));
    assert.ok(bytes < 60_000, `${data.kind} to ${data.audience}: ${bytes}`);
  }
});

Deno.test("The built-in HTML loads nothing, and links to the request alone", () => {
  for (const data of samples()) {
    const html = htmlOf(data);
    // Gmail drops longer style sheets.
    const [, css = ""] = /<style>([^]*?)<\/style>/.exec(html) ?? [];
    assert.ok(css.length > 0 && css.length < 8192);
    assert.doesNotMatch(html, / src=|url\(|@import|<link|<iframe|<form/);
    const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, href]) => href);
    const expected = [data.link, ...data.accessLists?.map(({ link }) => link) ?? []];
    assert.deepEqual(links, expected.filter((link) => link !== undefined));
  }
});

/** Text in the order of the page, as a program without style sheets shows it. */
function plainText(node: DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document) {
  const texts: string[] = [];
  const walk = (each: typeof node) => {
    if (each.nodeName === "style" || each.nodeName === "script") return;
    if ("value" in each) texts.push(each.value);
    if ("childNodes" in each) each.childNodes.forEach(walk);
  };
  walk(node);
  return texts.join(" ").replace(/\s+/g, " ");
}

Deno.test("The built-in HTML reads in order without any style", () => {
  const text = plainText(parse(htmlOf(sampleResourceData(sampleData("new")))));
  const parts = [
    "You have a new Resource Request",
    "alice@example.com",
    "requests Server web-1, Database orders and 1 more for 8 hours.",
    "Rollout of release 7",
    "⏳ PENDING",
    "Review the request",
    "Decide before",
    "0 of 2 approvals",
    "web-1",
    "logins: root, deploy",
    "env=prod, team=shop",
    "/example.teleport.sh/node/0b7e0a6e-6f7c-4d3e-8b1b-0d6c9d8f7a11",
    "Maximum duration",
    "bob@example.com, carol@example.com",
  ];
  let at = text.indexOf(parts[0] ?? "");
  for (const part of parts) {
    const next = text.indexOf(part, at);
    assert.ok(next >= at && at >= 0, `'${part}' is not where it should be`);
    at = next;
  }
});

Deno.test("Emails about a long-term request say where to promote it, and never how to approve it", () => {
  const long = sampleResourceData(sampleData("new"), true);
  const withoutLink = { ...long, link: undefined };
  for (const data of [long, withoutLink]) {
    const { text, html = "" } = composeMail(data, templates, { details: true });
    assert.doesNotMatch(text + html, /--approve/);
    assert.match(html, /Resource Request \(long-term\)/);
  }
  assert.match(htmlOf(withoutLink), /tsh request review --deny/);
  assert.match(htmlOf(withoutLink), /promote it to an access list in the web UI/);
  assert.doesNotMatch(htmlOf(long), /in the web UI/);
  const { text } = composeMail(withoutLink, templates);
  assert.doesNotMatch(text, /--approve/);
  assert.match(text, /^Approve: promote it to an access list in the web UI\nDeny: tsh request/m);
});

Deno.test("A long reason does not push the decision out of sight, and is shown whole at the end", () => {
  const shown = (reason: string) =>
    plainText(parse(htmlOf({ ...sampleResourceData(sampleData("new")), reason })));
  const short = "why ".repeat(12).trim();
  assert.equal(shown(short).split(short).length, 3, "preheader and lead");
  assert.doesNotMatch(shown(short), /whole reason/);
  for (
    const reason of [
      "a".repeat(3000),
      Array.from({ length: 40 }, (_, n) => `l${n}`).join("\n"),
    ]
  ) {
    const text = shown(reason);
    const [before = "", after = ""] = text.split("Review the request");
    assert.ok(before.length < 1500, before);
    assert.match(before, /The whole reason is below\./);
    assert.ok(after.replaceAll(" ", "").endsWith(`Reason${reason.replaceAll("\n", "")}`), after);
  }
});

Deno.test("The emails say when a request expired, and what it lacked", () => {
  const data = sampleData("resolution", "reviewer", "EXPIRED");
  const when = "Sat, 25 Jan 2025, 11:20 UTC (1 minute ago)";
  const { text, html = "" } = composeMail(data, templates, { details: true });
  assert.ok(text.includes(`\nExpired: ${when}\nApprovals: 1 of 2 approvals\n`), text);
  const shown = plainText(parse(html));
  assert.ok(shown.includes("The request expired before it was decided."), shown);
  assert.ok(shown.includes(`Expired ${when}`) && shown.includes("1 of 2 approvals"), shown);
  assert.doesNotMatch(composeMail(data, templates).text, /Expired:|Approvals:/);
});

Deno.test("The built-in HTML tells requesters how to use what was approved", () => {
  const approved = htmlOf(sampleData("resolution", "requester", "APPROVED"));
  assert.match(approved, /tsh login --request-id=0198f3c2-7d0b-4a54-9d4e-1f2e3d4c5b6a/);
  for (const state of ["DENIED", "EXPIRED"] as const) {
    assert.doesNotMatch(htmlOf(sampleData("resolution", "requester", state)), /tsh login/);
  }
});

Deno.test("Reminders ask for the review, and warnings say when the access ends", () => {
  const reminder = composeMail(sampleResourceData(sampleData("reminder")), templates);
  assert.match(reminder.text, /^A Role Request is still waiting for your review:\n\nID: /);
  assert.match(reminder.html ?? "", /A Resource Request is still waiting[^]*Review the request/);
  const long = sampleResourceData(sampleData("reminder"), true);
  const commands = composeMail({ ...long, link: undefined }, templates, { details: true });
  assert.doesNotMatch(commands.text + commands.html, /--approve/);
  const end = "Sat, 25 Jan 2025, 18:20 UTC (in 1 hour)";
  for (const details of [false, true]) {
    const warning = composeMail(sampleData("access-ending", "requester"), templates, { details });
    assert.match(warning.text, /^Access from your Role Request ends soon:\n\nID: /);
    assert.equal(warning.text.split(`Access ends: ${end}\n`).length, 2);
    assert.match(warning.text, /\n\nIf you need it for longer, make a new request\.$/);
    assert.ok(warning.html?.includes(`Your access ends <strong>${end}</strong>.`));
  }
});

Deno.test("Owners read which access lists are due for review, and since when", () => {
  const { subject, text, html = "" } = composeMail(sampleAccessLists(), templates);
  assert.equal(subject, "example.teleport.sh Access list review: Shop operators and 1 more");
  assert.match(
    text,
    /^You own access lists whose members are due for review:\n\n- Shop operators \(12/,
  );
  assert.match(text, /Review overdue: Thu, 23 Jan 2025, 10:31 UTC \(2 days ago\)\n {2}Link: https/);
  assert.match(text, /- Auditors \(1 member\)\n {2}Review due: Sat, 8 Feb 2025/);
  const words = plainText(parse(html));
  assert.match(words, /Shop operators 12 members Access to the shop in production Review overdue/);
  assert.doesNotMatch(words, /Request/);
  const accessLists = Array.from({ length: 40 }, () => sampleAccessLists().accessLists?.[0])
    .flatMap((list) => list ?? []);
  const many = composeMail({ ...sampleAccessLists(), accessLists }, templates);
  assert.match(many.subject, /: Shop operators and 39 more$/);
  assert.match(many.text, /\n- and 15 more\n/);
});

Deno.test("The built-in HTML has a schema.org action only where it is wanted and leads somewhere", () => {
  const data = { ...sampleData("new"), reason: "</script><b>" };
  const [, json = ""] = /<script type="application\/ld\+json">(.*)<\/script>/.exec(htmlOf(data)) ??
    [];
  assert.deepEqual(JSON.parse(json), {
    "@context": "http://schema.org",
    "@type": "EmailMessage",
    potentialAction: {
      "@type": "ViewAction",
      target: data.link,
      url: data.link,
      name: "Review request",
    },
    description: "the roles dev and dba for 8 hours",
  });
  assert.doesNotMatch(htmlOf({ ...data, link: undefined }), /<script/);
  assert.doesNotMatch(htmlOf(sampleAccessLists()), /<script/);
  assert.doesNotMatch(composeMail(data, templates).html ?? "", /<script/);
});
