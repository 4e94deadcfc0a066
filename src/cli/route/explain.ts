/** A decision on recipients in words. */

import type { RoleMap } from "../../routing/patterns.ts";
import {
  type RoleTrace,
  ROUTED_EVENTS,
  type RoutedEvent,
  type RoutingTrace,
  type StepTrace,
} from "../../routing/trace.ts";
import { nearest } from "../../config/nearest.ts";

/** Lines about every rule, route and entry that was evaluated, then the recipients with their sources. */
export function explain(trace: RoutingTrace, roles: RoleMap): readonly string[] {
  const { recipients, leftOut, reviewers, decidedBy } = trace;
  const addresses = recipients.map(({ address }) => address).join(", ");
  return [
    ...trace.rules.map((step) => explainStep("rule", step)),
    ...trace.routes.map((step) => explainStep("route", step)),
    ...decidedBy === "map"
      ? trace.roles.map((step) => explainRole(step, roles))
      : [NOT_ASKED[decidedBy]],
    ...reviewers.map(({ reviewer, leftOut }) =>
      `suggested reviewer '${reviewer}' -> ${leftOut === undefined ? reviewer : NO_RECIPIENTS} ` +
      `(${leftOut === undefined ? "the name is an email address" : reviewerReason(leftOut)})`
    ),
    ...leftOut.filter(({ recipient }) => !reviewers.some((one) => one.reviewer === recipient))
      .map(({ recipient, because, reason }) => `left out: '${recipient}' (${because}; ${reason})`),
    addresses === "" ? "No recipients" : `Recipients: ${addresses}`,
    ...recipients.map(({ address, because, emails }) =>
      `  ${address} (${because})${limitation(emails)}`
    ),
  ];
}

const NO_RECIPIENTS = "no recipients";

/** The kinds of email of a recipient who does not get all. */
function limitation(emails: readonly RoutedEvent[]): string {
  return emails.length === ROUTED_EVENTS.length ? "" : `: ${emails.join(" and ")} only`;
}

const NOT_ASKED = {
  rules: "role_to_recipients and suggested reviewers are not used: rules have decided",
  routes: "role_to_recipients is not used: a route has decided",
  silence: "role_to_recipients is not used: a silent route has decided",
} as const;

function explainStep(
  what: string,
  { name, on, matched, decidedBy, error, note }: StepTrace,
): string {
  const outcome = error !== undefined ? "fails" : matched ? "matches" : "does not match";
  const details = [
    ...error === undefined ? [] : [error],
    ...decidedBy === undefined ? [] : [`${decidedBy} is ${matched}`],
    ...note === undefined ? [] : [note],
  ];
  const why = details.length === 0 ? "" : `: ${details.join("; ")}`;
  const kinds = on === undefined ? "" : ` on ${on.join(" and ")}`;
  return `${what} '${name}'${kinds} ${outcome}${why}`;
}

function explainRole({ role, key, kind, recipients }: RoleTrace, roles: RoleMap): string {
  const addressees = recipients.length === 0 ? NO_RECIPIENTS : recipients.join(", ");
  return `role '${role}' -> ${addressees} (${roleReason(role, key, kind, roles)})`;
}

function roleReason(
  role: string,
  key: RoleTrace["key"],
  kind: RoleTrace["kind"],
  { entries }: RoleMap,
): string {
  if (kind === "name") return `entry '${key}' of role_to_recipients`;
  if (kind === "pattern") return `pattern '${key}' of role_to_recipients`;
  const guess = nearest(role, [...entries.keys()].filter((name) => name !== "*"));
  const missing = guess === undefined
    ? `no entry '${role}' in role_to_recipients`
    : `no entry '${role}' in role_to_recipients, nearest '${guess}'`;
  return key === undefined ? missing : `${missing}, so that of '*'`;
}

function reviewerReason(leftOut: string): string {
  return leftOut === "not an email address" ? "the name is not an email address" : leftOut;
}
