/** What `route` prints for programs, and how it compares with what is expected. */

import { ROUTED_EVENTS, type RoutingTrace } from "../../routing/trace.ts";

/** A rule that is not for this plugin. */
export interface OtherRule {
  readonly name: string;
  readonly why: string;
}

/** The JSON of one decision. */
export function routeJson(
  id: string,
  trace: RoutingTrace,
  others: readonly OtherRule[],
): Readonly<Record<string, unknown>> {
  return {
    ...id === "" ? {} : { request: id },
    "decided_by": trace.decidedBy,
    rules: [
      ...trace.rules.map(stepJson),
      ...others.map(({ name, why }) => ({ name, matched: false, note: why })),
    ],
    routes: trace.routes.map(stepJson),
    recipients: trace.recipients.map(({ emails, ...recipient }) => ({
      ...recipient,
      ...emails.length === ROUTED_EVENTS.length ? {} : { emails },
    })),
    "left_out": trace.leftOut,
  };
}

function stepJson({ decidedBy, ...step }: RoutingTrace["rules"][number]) {
  return { ...step, ...decidedBy === undefined ? {} : { "decided_by": decidedBy } };
}

/** Lines of a difference between expected and actual recipients; empty when there is none. */
export function difference(
  expected: readonly string[],
  { recipients }: Pick<RoutingTrace, "recipients">,
): readonly string[] {
  const fold = (address: string) => address.toLowerCase();
  const actual = new Set(recipients.map(({ address }) => fold(address)));
  const wanted = new Set(expected.map(fold));
  return [
    ...expected.filter((address) => !actual.has(fold(address)))
      .map((address) => `- ${address} (expected, and not a recipient)`),
    ...recipients.filter(({ address }) => !wanted.has(fold(address)))
      .map(({ address, because }) => `+ ${address} (a recipient, and not expected: ${because})`),
  ];
}
