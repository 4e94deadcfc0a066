import assert from "node:assert/strict";
import { DEFAULT_LOOK } from "../../mail/content/scope.ts";
import { loadTemplates } from "../../mail/content/templates.ts";
import { messageId } from "../../mail/message_id.ts";
import { type MailMessage, wordsOf } from "../../mail/transport.ts";
import { FakeClock } from "../../testing/fake_clock.ts";
import { fakeLog } from "../../testing/fake_log.ts";
import type { MailKind } from "../record/outbox.ts";
import type { PluginRecord } from "../record/record.ts";
import { aRecord, aRequest, owed } from "../testing/fixtures.ts";
import { ComposingMailer } from "./composing_mailer.ts";
import { ResourceNames } from "./resource_names.ts";

const TO = "a@x.org";
const loaded = await loadTemplates(undefined);

/** The message that the mailer hands to the transport. */
async function composed(kind: MailKind, record: Partial<PluginRecord>, index = 0) {
  const sent: MailMessage[] = [];
  const [clock, log] = [new FakeClock(), fakeLog()];
  const mailer = new ComposingMailer({
    transport: {
      send: (message) => {
        sent.push(message);
        return Promise.resolve({ ok: true, messageId: message.messageId, response: "" });
      },
    },
    templates: loaded.ok ? loaded.templates : assert.fail(),
    from: { address: "teleport@example.com" },
    domain: "example.com",
    look: { ...DEFAULT_LOOK, html: false },
    resources: new ResourceNames({
      clock,
      log,
      clusterName: "c",
      lister: { listResources: () => Promise.resolve([]) },
    }),
    clusterName: "c",
    link: () => undefined,
    clock,
    log,
  });
  const mail = owed(kind, TO, index);
  const signal = new AbortController().signal;
  const snapshot = aRequest();
  const job = { id: "r1", mail, snapshot, lastKnown: snapshot, record: aRecord(record) };
  await mailer.send(job, signal);
  return sent[0] ?? assert.fail("nothing was sent");
}

const idOf = (kind: MailKind, index = 0) =>
  messageId({ requestId: "r1", kind, index, recipient: TO, domain: "example.com" });

Deno.test("ComposingMailer replies to the thread's first mail, whose id the original may have made", async () => {
  const threads = [{ recipient: TO, time: "t", messageId: "first@x.org" }];
  for (const kind of ["resolution", "reopened"] as const) {
    assert.equal((await composed(kind, { threads })).inReplyTo, "first@x.org");
  }
  assert.equal((await composed("new", { threads })).inReplyTo, undefined);
  const unknown = [{ recipient: TO, time: "t", messageId: "" }];
  assert.equal((await composed("resolution", { threads: unknown })).inReplyTo, undefined);
});

Deno.test("ComposingMailer replies to a first mail that was never recorded as accepted", async () => {
  assert.equal((await composed("resolution", {})).inReplyTo, idOf("new"));
  for (const kind of ["requester-resolution", "requester-reopened"] as const) {
    assert.equal((await composed(kind, {})).inReplyTo, idOf("requester-new"));
  }
});

Deno.test("ComposingMailer gives a second end of a request an id of its own, and a correction", async () => {
  const wrong = /An earlier email said that this request had expired\. It had not\.$/;
  const record = { resolution: "DENIED", reopened: 1 } as const;
  const first = await composed("resolution", { resolution: "EXPIRED" });
  const second = await composed("resolution", record, 1);
  assert.deepEqual([first.messageId, second.messageId], [
    idOf("resolution"),
    idOf("resolution", 1),
  ]);
  assert.notEqual(first.messageId, second.messageId);
  assert.doesNotMatch(first.text, wrong);
  assert.match(second.text, wrong);
  assert.match((await composed("reopened", {}, 1)).text, wrong);
});

Deno.test("ComposingMailer keeps reminders and warnings in the thread that their reader has", async () => {
  const threads = [{ recipient: TO, time: "2026-11-24T12:00:00Z", messageId: "first@x.org" }];
  const approved = { threads, resolution: "APPROVED" } as const;
  const rootOf = async (kind: MailKind, record: Partial<PluginRecord> = {}) =>
    (await composed(kind, record)).references?.[0];
  const reminder = await composed("reminder", { threads }, 3600);
  assert.deepEqual([reminder.inReplyTo, reminder.messageId], [
    "first@x.org",
    idOf("reminder", 3600),
  ]);
  assert.equal(reminder.references?.[0], await rootOf("new"));
  const warning = await composed("requester-access-ending", { resolution: "APPROVED" });
  assert.equal(warning.inReplyTo, idOf("requester-new"));
  assert.equal(warning.references?.[0], await rootOf("requester-new"));
  const asReviewer = await composed("requester-access-ending", approved);
  assert.equal(asReviewer.inReplyTo, "first@x.org");
  assert.equal(asReviewer.references?.[0], await rootOf("new"));
});

Deno.test("ComposingMailer composes what the emails of a batch share once, and each gets its own names", async () => {
  const sent: MailMessage[] = [];
  const [clock, log] = [new FakeClock(), fakeLog()];
  const templates = loaded.ok ? loaded.templates : assert.fail();
  let rendered = 0;
  const file = "new.html";
  const builtin = templates.builtin[file];
  const counted: typeof builtin = {
    ...builtin,
    render: (scope) => {
      rendered++;
      return builtin.render(scope);
    },
  };
  const mailer = new ComposingMailer({
    transport: {
      send: (message) => {
        sent.push(message);
        return Promise.resolve({ ok: true, messageId: message.messageId, response: "" });
      },
    },
    templates: { ...templates, builtin: { ...templates.builtin, [file]: counted } },
    from: { address: "teleport@example.com" },
    domain: "example.com",
    look: DEFAULT_LOOK,
    resources: new ResourceNames({
      clock,
      log,
      clusterName: "c",
      lister: { listResources: () => Promise.resolve([]) },
    }),
    clusterName: "c",
    link: () => undefined,
    clock,
    log,
  });
  const { signal } = new AbortController();
  const snapshot = aRequest();
  const emails = ["a@x.org", "b@x.org", "c@x.org"].map((to) => owed("new", to));
  const job = { id: "r1", snapshot, lastKnown: snapshot, record: aRecord({ owed: emails }) };
  const batch = new Map();
  for (const mail of emails) await mailer.send({ ...job, mail, batch }, signal);
  assert.equal(rendered, 1);
  for (const message of sent) {
    const { to, shared } = message;
    const { html = "" } = wordsOf(message);
    const others = emails.map((mail) => mail.to).filter((other) => other !== to).join(", ");
    assert(html.includes(`>${others}</td>`), html);
    assert.equal(shared?.insert, others);
    assert.equal(shared?.words, sent[0]?.shared?.words);
  }
  await clock.tick(10_000);
  for (const mail of emails) await mailer.send({ ...job, mail, batch }, signal);
  assert.equal(rendered, 2);
  for (const mail of emails) await mailer.send({ ...job, mail, batch: new Map() }, signal);
  assert.equal(rendered, 5);
});
