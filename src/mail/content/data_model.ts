/** The data model of templates: every variable with type, example and meaning, from the code itself. */

import { DEFAULT_LOOK, type TemplateScope, templateScope } from "./scope.ts";
import type { MailData } from "./mail_data.ts";
import { sampleAccessLists, sampleData, sampleResourceData } from "./sample_data.ts";

export interface TemplateVariable {
  /** `details.resources[].name` is the name of each item of a list. */
  readonly name: string;
  /** `text`, `number`, `list of text`, ...; with `or null` where it may be missing. */
  readonly type: string;
  readonly example: string;
  readonly meaning: string;
}

const MEANINGS: Readonly<Record<string, string>> = {
  "audience": "`reviewer`, `requester` or `owner` (of access lists)",
  "request_type": "`Role Request`, or `Resource Request` for one that names resources",
  "id": "the request's id",
  "cluster": "the cluster's name",
  "user": "the requester",
  "roles": "the requested roles",
  "reason": "the requester's reason, of one or more lines",
  "link": "the request's page in the web interface, on clusters that have one",
  "status.state": "`PENDING`, `APPROVED`, `DENIED`, `EXPIRED` or `PROMOTED`",
  "status.emoji": "a symbol for the state",
  "status.reason": "the reason of the decision",
  "summary": "what is requested and for how long, in a few words",
  "preheader": "one line that mail programs show beside the subject",
  "correction": 'a sentence that takes back an earlier "expired"',
  "show_details": "`delivery.details`: whether the built-in text shows `details`",
  "details.term": "`Short-term` or `Long-term`, from Teleport 18 on",
  "details.is_long_term": "only an access list can grant it: there is no command to approve it",
  "details.resources": "the first 25 requested resources",
  "details.resources[].kind": "`Server`, `Database`, `Application`, ...",
  "details.resources[].name": "what people call it; its id where names cannot be read",
  "details.resources[].cluster": "the cluster that it is in",
  "details.resources[].path": "Teleport's notation, as `tsh request create --resource` takes it",
  "details.resources[].labels": "its labels, where they can be read",
  "details.resources[].limited_to": "logins, role ARNs or databases that access is limited to",
  "details.more_resources": "how many resources are not listed",
  "details.requested": "when it was requested",
  "details.decide_before": "when the pending request expires",
  "details.access_starts": "when access starts, if that is not at once",
  "details.access_ends": "when access ends",
  "details.max_duration": "the longest access that the requester asked for",
  "details.session_length": "how long a login with the access lasts",
  "details.approvals": "what roles need, one item for all that need the same",
  "details.approvals[].roles": "these roles; null when all need the same",
  "details.approvals[].progress": "approvals there are, and are needed",
  "details.approvals[].missing": "approvals still missing",
  "details.is_missing_approvals": "whether any approval is still missing",
  "details.reviewers": "who else was asked; to the requester, everybody who was asked",
  "details.access_list": "the access list that the request became a membership of",
  "details.recommended_access_list": "of a long-term request, the list that would grant it",
  "details.grouping_problem": "of a long-term request, why no list can grant it",
  "details.login_hint": "the login that the requester hinted at",
  "details.granted_roles": "the roles that were granted, where they are not all",
  "details.decided_by": "the reviewers who decided; null when it was decided without reviews",
  "details.decided": "when the last of them reviewed it",
  "details.expired": "when the request expired without a decision",
  "review.author": "the reviewer",
  "review.created": "when, as the original writes it",
  "review.at": "when, in `delivery.time_zone`",
  "review.state": "the proposed state",
  "review.emoji": "a symbol for it",
  "review.reason": "the reviewer's reason",
  "review.submitted_by": "the plugin that submitted the review in the reviewer's name",
  "review.access_starts": "the start of access that the reviewer set",
  "review.access_list": "the access list that the reviewer wants the requester in",
  "access_lists": "in `access-list-review` alone: the first 25 lists that are due for review",
  "access_lists[].title": "its title, or its name where it has none",
  "access_lists[].name": "its name, which is a UUID",
  "access_lists[].description": "its description",
  "access_lists[].members": "how many members it has",
  "access_lists[].due": "when the review is due",
  "access_lists[].is_overdue": "whether that has passed",
  "access_lists[].link": "its page in the web interface",
  "more_access_lists": "how many lists are not listed",
  "action":
    'with `delivery.actions`, a schema.org description for `<script type="application/ld+json">`',
};

/** Every variable, in the order in which the code has them. */
export function templateVariables(): readonly TemplateVariable[] {
  const full = members("", completeScope());
  const bare = new Map(members("", bareScope()).map(([name, value]) => [name, value]));
  return full.map(([name, value]) => {
    // Items of lists are not there without the list.
    const isNullable = name.includes("[]")
      ? NULLABLE_ITEMS.includes(name)
      : bare.get(name) === null;
    return {
      name,
      type: typeOf(value) + (isNullable ? " or null" : ""),
      example: exampleOf(value),
      meaning: MEANINGS[name] ?? "",
    };
  });
}

/** Names that have a meaning here but are not in the code; for a test. */
export function staleMeanings(): readonly string[] {
  const names = new Set(templateVariables().map(({ name }) => name));
  return Object.keys(MEANINGS).filter((name) => !names.has(name));
}

/** The data model as a Markdown table. */
export function variablesTable(): string {
  const rows = templateVariables().map(({ name, type, example, meaning }) =>
    `| \`${name}\` | ${type} | ${example === "" ? "" : `\`${example}\``} | ${meaning} |`
  );
  return ["| variable | type | example | value |", "| --- | --- | --- | --- |", ...rows].join(
    "\n",
  ) +
    "\n";
}

const NULLABLE_ITEMS = [
  "details.resources[].labels",
  "details.resources[].limited_to",
  "details.approvals[].roles",
  "details.approvals[].missing",
  "access_lists[].description",
  "access_lists[].members",
  "access_lists[].due",
  "access_lists[].link",
];

function completeScope(): TemplateScope {
  const review = sampleResourceData(sampleData("review"));
  const { details, nowMs } = review;
  const accessList = { name: "5f0e0a6e", title: "Shop operators" };
  const data: MailData = {
    ...review,
    isCorrection: true,
    accessLists: Array.from({ length: 27 }, () => sampleAccessLists().accessLists ?? []).flat(),
    status: { state: "APPROVED", reason: "Have a good rollout" },
    ...details && {
      details: {
        ...details,
        resources: Array.from({ length: 37 }, (_, n) => details.resources[n % 3]).filter((r) =>
          r !== undefined
        ),
        approvals: details.approvals.map((approval) => ({ ...approval, roles: ["dev"] })),
        accessStartsMs: nowMs,
        accessList,
        recommendedAccessList: accessList.title,
        groupingProblem: "No list grants all of them",
        loginHint: "root",
        grantedRoles: ["dev"],
        decidedBy: ["bob@example.com"],
        decidedMs: nowMs,
        expiredMs: nowMs,
      },
    },
    ...review.review && {
      review: { ...review.review, submittedBy: "slack", accessStartsMs: nowMs, accessList },
    },
  };
  return templateScope(data, { ...DEFAULT_LOOK, actions: true });
}

function bareScope(): TemplateScope {
  const { details: _, review: __, ...bare } = sampleData("new");
  return templateScope({
    ...bare,
    user: "",
    roles: undefined,
    reason: "",
    link: undefined,
  });
}

/** Names with their values; of a list of objects the list, and the members of its first item. */
function members(prefix: string, scope: object): readonly (readonly [string, unknown])[] {
  return Object.entries(scope).flatMap(([key, value]) => {
    const name = `${prefix}${key}`;
    if (Array.isArray(value)) {
      const [first] = value;
      return typeof first === "object"
        ? [[name, value] as const, ...members(`${name}[].`, first)]
        : [[name, value] as const];
    }
    return typeof value === "object" && value !== null
      ? members(`${name}.`, value)
      : [[name, value] as const];
  });
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return typeof value[0] === "string" ? "list of text" : "list";
  return { boolean: "true or false", number: "number" }[String(typeof value)] ?? "text";
}

/** One line, short enough for a table. */
function exampleOf(value: unknown): string {
  if (Array.isArray(value)) return typeof value[0] === "string" ? value.join(", ") : "";
  const text = String(value).replaceAll("\n", " ").replaceAll("|", "\\|");
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
