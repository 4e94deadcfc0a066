/** What must be true of a simulation at rest: the promise of docs/internals/delivery.md. */

import { originalCanWrite } from "../../src/requests/testing/original_record.ts";
import type { AccessRequest } from "../../src/teleport/access_request/read.ts";
import type { SimulatedCluster } from "./cluster.ts";
import type { Ledger, Sending } from "./ledger.ts";
import type { Audit } from "./audit.ts";
import type { StoredFacts } from "./record_reader.ts";
import { OWNER, type Routing } from "./routing.ts";
import { mailsOfRequester, mailsOfReviewer } from "./recipient.ts";

export interface Rest {
  readonly cluster: SimulatedCluster;
  readonly ledger: Ledger;
  /** Every request that ever was, as it was last. */
  readonly history: ReadonlyMap<string, AccessRequest>;
  readonly audit: Pick<Audit, "recordedMs">;
  readonly routing: Routing;
  readonly requester: string | undefined;
}

/** Everything that is wrong; empty when the promise was kept. */
export function broken(rest: Rest): readonly string[] {
  const requests = [...rest.history].flatMap(([id, request]) =>
    ofRequest(request, rest).map((wrong) => `${id}: ${wrong}`)
  );
  return [...repeats(rest.ledger), ...requests];
}

/** Of all acceptances of a mail, one at most has no excuse; all have the same Message-ID. */
function repeats({ accepted }: Ledger): readonly string[] {
  const byMail = Map.groupBy(accepted, ({ request, mail }) => `${request} ${mail}`);
  return [...byMail].flatMap(([mail, sendings]) => {
    const wrong: string[] = [];
    const unexcused = sendings.filter(({ excuse }) => excuse === undefined).length;
    if (unexcused > 1) {
      wrong.push(`${mail} was sent ${sendings.length} times, ${unexcused} without excuse`);
    }
    const ids = new Set(sendings.map(({ message }) => message.messageId));
    if (ids.size > 1) wrong.push(`${mail} was sent under ${ids.size} Message-IDs`);
    return wrong;
  });
}

function ofRequest(request: AccessRequest, rest: Rest): readonly string[] {
  const { id } = request;
  const record = rest.cluster.record(id);
  const isOpen = rest.cluster.requests.get(id)?.state === "PENDING";
  if (record === undefined) return isOpen && !rest.routing.isSilent ? ["was not announced"] : [];
  const got = (to: string): readonly Sending[] =>
    rest.ledger.accepted.filter((sending) => sending.request === id && sending.to === to);
  return [
    ...ofRecord(record, request, rest),
    ...mailsOfRouting(request, record, rest, got),
    ...(rest.requester === undefined
      ? []
      : mailsOfRequester(rest.requester, record, request.reviews.length, rest.routing, got)),
  ];
}

/** The recipients are those by the rules of one moment; what is wrong by the rules that fit best. */
function mailsOfRouting(
  { id, createdMs = 0, reviews }: AccessRequest,
  record: StoredFacts,
  { audit, routing, ledger, requester }: Rest,
  got: (to: string) => readonly Sending[],
): readonly string[] {
  const candidates = routing.candidates(createdMs, audit.recordedMs.get(id) ?? Infinity);
  // A request that is reopened is routed again, which may add recipients by the rules of that time.
  const isRoutedAgain = record.reopened > 0;
  const mailed = new Set(ledger.accepted.flatMap(({ request, to }) => request === id ? [to] : []));
  const wrong = candidates.map((emails) => {
    const strangers = [...mailed].filter((to) => to !== requester && !emails.has(to));
    return [
      ...isRoutedAgain ? [] : strangers.map((to) => `${to} is not a recipient by any rule`),
      ...[...emails].flatMap(([to, kinds]) => {
        if (isRoutedAgain && kinds.has("new") && !record.threads.includes(to)) return [];
        const isExcused = to === OWNER &&
          (record.resolution !== "PROMOTED" || ledger.mayLackOwners(id));
        if (isExcused && got(to).length === 0) return [];
        return mailsOfReviewer(to, kinds, record, reviews.length, got(to));
      }),
    ];
  });
  return wrong.sort((a, b) => a.length - b.length)[0] ?? ["no rules at any time"];
}

function ofRecord(
  record: StoredFacts,
  { id, state }: AccessRequest,
  { cluster }: Rest,
): readonly string[] {
  const wrong: string[] = [];
  if (record.owed.length > 0) wrong.push("mails are still owed");
  if (record.owner !== undefined) wrong.push("there is still an owner");
  if (!originalCanWrite(cluster.records.get(id) ?? {})) {
    wrong.push("the original cannot go on with the record");
  }
  const isGone = !cluster.requests.has(id);
  const expected: string[] = isGone ? ["EXPIRED"] : [];
  if (state !== "PENDING") expected.push(state);
  else if (!isGone) expected.push("");
  // A request that vanished before its first mail was accepted has no recipients to inform.
  if (isGone && record.threads.length === 0) expected.push("");
  if (!expected.includes(record.resolution)) {
    wrong.push(`its record says '${record.resolution}' and not '${expected.join("' or '")}'`);
  }
  return wrong;
}
