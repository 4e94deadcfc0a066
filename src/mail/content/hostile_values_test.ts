import assert from "node:assert/strict";
import fc from "fast-check";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { composeMail, type MailContent } from "./compose.ts";
import type { MailData } from "./mail_data.ts";
import type { RequestDetails } from "./request_details.ts";
import { loadTemplates } from "./templates.ts";

const loaded = await loadTemplates(undefined);
if (!loaded.ok) throw new Error("Built-in templates do not load");
const { templates } = loaded;

type Node = DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document;

/** Every tag, attribute, comment and style of a page as a browser reads it; without its texts. */
function skeleton(node: Node): unknown {
  if (node.nodeName === "#text") return undefined;
  const children = "childNodes" in node
    ? node.childNodes.filter((child) => !isLineBreak(child)).map(skeleton)
      .filter((child) => child !== undefined)
    : [];
  const style = node.nodeName === "style" && "childNodes" in node ? texts(node) : "";
  const attributes = "attrs" in node ? node.attrs.map(({ name, value }) => `${name}=${value}`) : [];
  return [node.nodeName, attributes, style, children];
}

/** The one tag that values may bring: a reason has lines. */
function isLineBreak(node: Node): boolean {
  return node.nodeName === "br" && "attrs" in node && node.attrs.length === 0;
}

/** All the text of a page. */
function texts(node: Node): string {
  if ("value" in node) return node.value;
  return "childNodes" in node ? node.childNodes.map(texts).join("") : "";
}

const PIECES = [
  ..."\nLink: \nStatus: \n\tID: \r Approve: Resolution :".split(" "),
  ..."<>\"'&=/\\ \n`:;{}%-".split(""),
  ..."script style a img svg iframe meta base onerror href src javascript: data:".split(" "),
  ..."<!-- --> ]]> </td> </table> </title> </style> &lt; &#60; &#x3c; {{ }} {% %}".split(" "),
  ..."https://x.y \u0000 \u202e \ud800".split(" "),
];

/** Any text, not empty, so that the page has the same rows for all. */
const hostile = fc.oneof(
  fc.array(fc.constantFrom(...PIECES), { minLength: 1 }).map((pieces) => pieces.join("")),
  fc.string({ unit: "binary", minLength: 1 }),
);

const LINK = "https://proxy.example.com/web/requests/0198-1";

const skeletons = fc.record({
  kind: fc.constantFrom("new", "review", "resolution"),
  audience: fc.constantFrom("reviewer", "requester"),
  state: fc.constantFrom("PENDING", "APPROVED", "DENIED", "EXPIRED", "PROMOTED"),
  link: fc.constantFrom(LINK, undefined),
  requestType: fc.constantFrom("role", "resource"),
  requestKind: fc.constantFrom("short-term", "long-term"),
  showsDetails: fc.boolean(),
});

/** Details with every text that may come from users. */
function detailsOf(value: () => string, requestKind: "short-term" | "long-term"): RequestDetails {
  const resource = () => ({
    kind: value(),
    name: value(),
    friendlyName: value(),
    cluster: value(),
    part: value(),
    constraints: [{ what: value(), values: [value(), value()] }],
    labels: new Map([[`label ${value()}`, value()]]),
  });
  const threshold = () => ({ name: value(), approvals: 0, approvalsNeeded: 2 });
  return {
    resources: [resource(), resource()],
    requestKind,
    requestedMs: 0,
    decideBeforeMs: 60_000,
    accessStartsMs: 60_000,
    accessEndsMs: 120_000,
    maxDurationEndMs: 120_000,
    sessionEndMs: 120_000,
    approvals: [{ roles: [value(), value()], thresholds: [threshold(), threshold()] }],
    reviewersAsked: [value(), value()],
    accessList: { name: value(), title: value() },
    recommendedAccessList: value(),
    groupingProblem: value(),
    loginHint: value(),
    grantedRoles: [value()],
    decidedBy: [value()],
    decidedMs: 0,
    expiredMs: 0,
  };
}

/** Composes the same mail with hostile and with plain values, and compares what `seen` sees. */
function assertSame(seen: (mail: MailContent) => unknown): void {
  fc.assert(
    fc.property(skeletons, fc.infiniteStream(hostile), (about, values) => {
      const { state, requestKind, showsDetails, ...others } = about;
      const seenWith = (value: () => string) => {
        const facts: MailData = {
          ...others,
          id: value(),
          cluster: value(),
          user: value(),
          roles: [value(), value()],
          reason: value(),
          status: { state, reason: value() },
          review: {
            author: value(),
            createdMs: 0,
            state: value(),
            reason: value(),
            submittedBy: value(),
            accessStartsMs: 0,
            accessList: { name: value(), title: value() },
          },
          details: detailsOf(value, requestKind),
          nowMs: 0,
        };
        return seen(composeMail(facts, templates, { details: showsDetails, actions: true }));
      };
      assert.deepEqual(seenWith(() => values.next().value ?? "x"), seenWith(() => "x"));
    }),
    { numRuns: 500 },
  );
}

Deno.test("composeMail() lets no value add a tag, an attribute or a link", () => {
  assertSame(({ html = "" }) => skeleton(parse(html)));
});

Deno.test("composeMail() lets no value add a line that imitates the email's own", () => {
  const own =
    /^(ID|Cluster|User|Role\(s\)|Reason|Link|Approve|Deny|Status|Resolution|Request|Resources|Term|Requested|Login hint|Access list|Cannot be granted|Maximum duration|Access (starts|ends)|Session length|Decide before|Approvals|(Also a|A)sked to review|Granted role\(s\)|Decided( by)?|Expired|Log in|Reviewed|Submitted by|Still missing)( \(.*\))?:/gm;
  assertSame(({ text }) => text.match(own)?.map((line) => line.replace(/ \(.*\)/, "")));
});

Deno.test("composeMail() shows hostile values in HTML as they were written", () => {
  const evil = `</title></style></td><a href="https://evil.example" onclick='x()'>&lt;{{ id }}`;
  const facts: MailData = {
    kind: "new",
    audience: "reviewer",
    id: "0198-1",
    cluster: evil,
    user: evil,
    roles: [evil],
    reason: evil,
    link: undefined,
    status: { state: "PENDING", reason: evil },
    requestType: "role",
    nowMs: 0,
  };
  const shown = texts(parse(composeMail(facts, templates).html ?? ""));
  // Requester and reason in the preheader, the line above the heading, requester and reason of the status
  // below it, and rows: role, user, reason, cluster.
  assert.equal(shown.split(evil).length - 1, 9);
});
