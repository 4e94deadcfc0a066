/** Either program can take over from the other at any time (original.md §5.7). */

import assert from "node:assert/strict";
import type { MailMessage } from "../../mail/transport.ts";
import { loadTemplates } from "../../mail/content/templates.ts";
import { messageId } from "../../mail/message_id.ts";
import type { AccessRequest } from "../../teleport/access_request/read.ts";
import { DEFAULT_LOOK } from "../../mail/content/scope.ts";
import { ComposingMailer } from "../delivery/composing_mailer.ts";
import { ResourceNames } from "../delivery/resource_names.ts";
import type { RawRecord } from "./record.ts";
import { FakeCluster } from "../testing/fake_cluster.ts";
import { aRequest } from "../testing/fixtures.ts";
import { FakeClock, NOW_MS } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";
import {
  decodeAsOriginal,
  encodeAsOriginal,
  originalCanWrite,
} from "../testing/original_record.ts";
import { startReplica } from "../testing/replica.ts";

const GO_TIME = "2026-11-23 22:08:09.604507201 +0000 UTC m=+0.044670718";
const REVIEW = { author: "bob", state: "APPROVED", reason: "ok", createdMs: NOW_MS } as const;

/** What the original v9.3.7 stored, by edition and request id. */
const GOLDEN = JSON.parse(
  await Deno.readTextFile(new URL("../../../tests/testdata/plugin_data.json", import.meta.url)),
) as Record<string, Record<string, { email: RawRecord }>>;

/** The mails that leave for one request with a record, and the record afterwards. */
async function takeOver(
  request: AccessRequest,
  record: RawRecord,
  recipients: readonly string[] = [],
): Promise<{ readonly mails: readonly MailMessage[]; readonly record: RawRecord }> {
  const loaded = await loadTemplates(undefined);
  assert.ok(loaded.ok);
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  const mails: MailMessage[] = [];
  const transport = {
    send: (message: MailMessage) => {
      mails.push(message);
      return Promise.resolve({ ok: true, messageId: message.messageId, response: "" } as const);
    },
  };
  const replica = startReplica(cluster, clock, {
    roleToRecipients: new Map([["*", recipients]]),
    mailer: new ComposingMailer({
      transport,
      templates: loaded.templates,
      from: { address: "teleport@x.org" },
      domain: "x.org",
      look: { ...DEFAULT_LOOK, html: false },
      resources: new ResourceNames({
        clock,
        log: fakeLog(),
        clusterName: "x.org",
        lister: { listResources: () => Promise.resolve([]) },
      }),
      clusterName: "x.org",
      link: () => undefined,
      clock,
      log: fakeLog(),
    }),
  });
  cluster.put(request);
  cluster.records.set(request.id, record);
  replica.reconciler.replace({
    requests: [request],
    records: new Map(cluster.records),
    touched: new Set(),
  }, new Set());
  await clock.tick(1000);
  return { mails, record: cluster.records.get(request.id) ?? {} };
}

const golden = Object.entries(GOLDEN).flatMap(([edition, records]) =>
  Object.entries(records).map(([id, { email }]) => ({ edition, id, record: email }))
);

for (const { edition, id, record } of golden) {
  Deno.test(`Follow-ups of the original's request ${id} (${edition}) go into its threads`, async () => {
    // As it was before it was resolved.
    const { resolution: _, resolve_reason: __, ...open } = record;
    const threads = decodeAsOriginal(open).threads;
    assert.ok(threads.length > 0);
    const done = Number(open["reviews_count"] ?? 0);
    const reviews = Array.from({ length: done + 1 }, () => REVIEW);
    const request = aRequest({ id, state: "APPROVED", resolveReason: "go", reviews });
    const { mails, record: after } = await takeOver(request, open);
    assert.deepEqual(
      mails.map(({ to, inReplyTo }) => `${to} ${inReplyTo}`).sort(),
      // The new review and the resolution; the reviews that the original told of are not repeated.
      threads.flatMap(({ email, messageId }) => Array(2).fill(`${email} ${messageId}`)).sort(),
    );
    assert.equal(after["email_threads"], open["email_threads"]);
    assert.equal(after["resolution"], "APPROVED");
    assert.ok(originalCanWrite(after));
  });
}

Deno.test("Follow-ups answer ids that the original stored with Mailgun's angle brackets", async () => {
  const record = { user: "alice", "email_threads": `a@x.org/${GO_TIME}/<2026.1@mg.x.org>` };
  const { mails, record: after } = await takeOver(aRequest({ state: "DENIED" }), record);
  assert.deepEqual(mails.map(({ inReplyTo }) => inReplyTo), ["2026.1@mg.x.org"]);
  assert.equal(after["email_threads"], record["email_threads"]);
});

Deno.test("Follow-ups of a thread without an id, from the oldest releases, are sent on their own", async () => {
  const record = { user: "alice", email: "a@x.org", timestamp: GO_TIME };
  const { mails, record: after } = await takeOver(aRequest({ state: "DENIED" }), record);
  assert.deepEqual(mails.map(({ to, inReplyTo }) => [to, inReplyTo]), [["a@x.org", undefined]]);
  assert.deepEqual([after["email"], after["timestamp"]], ["a@x.org", GO_TIME]);
});

Deno.test("The original reads a record of ours and writes it back as it was, whatever the addresses", async () => {
  const recipients = ["a@x.org", "team/dev@x.org", '"last,first"@x.org', "50%2C@x.org"];
  const { mails, record } = await takeOver(aRequest({ reviews: [REVIEW] }), {}, recipients);
  assert.equal(mails.length, 8);
  assert.ok(originalCanWrite(record));
  const { threads, ...rest } = decodeAsOriginal(record);
  assert.deepEqual(rest, {
    user: "alice@example.com",
    roles: ["dev"],
    requestReason: "deploy",
    reviewsCount: 1,
    resolution: "",
    resolveReason: "",
  });
  assert.deepEqual(
    threads.map(({ messageId }) => messageId).sort(),
    recipients.map((recipient) =>
      messageId({ requestId: "r1", kind: "new", index: 0, recipient, domain: "x.org" })
    ).sort(),
  );
  assert.ok(threads.some(({ email }) => email === "a@x.org"));
});

Deno.test("Recipients who were still owed a first mail when the original closed the request receive the outcome", async () => {
  const since = new Date(NOW_MS).toISOString();
  const ours = {
    user: "alice",
    roles: "dev",
    owed: JSON.stringify([
      { kind: "new", to: "b@x.org", since },
      { kind: "review", to: "b@x.org", since },
    ]),
    "email_threads": `a@x.org/${since}/1@x.org`,
  };
  const closed = encodeAsOriginal({ ...decodeAsOriginal(ours), resolution: "APPROVED" });
  const { mails, record } = await takeOver(aRequest({ state: "APPROVED" }), { ...ours, ...closed });
  assert.deepEqual(mails.map(({ to }) => to), ["b@x.org"]);
  assert.match(mails[0]?.text ?? "", /APPROVED/);
  assert.deepEqual([record["owed"], record["owner"]], [undefined, undefined]);
});
