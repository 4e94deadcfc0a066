import assert from "node:assert/strict";
import { accept, file, refuse } from "../testing/parse.ts";

async function deliveryOf(body: string | null, others: Record<string, string | null> = {}) {
  const { config, warnings } = await accept(file({ delivery: body, ...others }));
  return { delivery: config.delivery, warnings };
}

const SENDER = 'sender = "noreply@example.com"\n';

Deno.test("[delivery] has defaults for all but the sender", async () => {
  const { delivery, warnings } = await deliveryOf(SENDER);
  assert.deepEqual(delivery, {
    sender: { address: "noreply@example.com" },
    html: true,
    details: false,
    timeZone: "UTC",
    actions: false,
    notifyRequester: false,
    includeRequester: false,
    settleForMs: 0,
    remindAfterMs: [],
    catchUpMs: 86_400_000,
    retryForMs: 86_400_000,
  });
  assert.deepEqual(warnings, []);
});

Deno.test("[delivery] accepts every key", async () => {
  const { delivery } = await deliveryOf(`sender = "Teleport <noreply@example.com>"
    reply_to = '"Team, Access" <access@example.com>'
    allowed_domains = ["Example.com", "*.example.com", ".example.com", "exämple.de"]
    html = false
    details = true
    time_zone = "Europe/Berlin"
    actions = true
    notify_requester = true
    requester_trait = "email"
    include_requester = true
    settle_for = "10s"
    remind_after = ["4h", "1h", "240m"]
    warn_before_access_ends = "30m"
    catch_up = "720h"
    retry_for = 3_600_000_000_000`);
  assert.deepEqual(delivery, {
    sender: { name: "Teleport", address: "noreply@example.com" },
    replyTo: { name: "Team, Access", address: "access@example.com" },
    allowedDomains: ["example.com", ".example.com", "xn--exmple-cua.de"],
    html: false,
    details: true,
    timeZone: "Europe/Berlin",
    actions: true,
    notifyRequester: true,
    requesterTrait: "email",
    includeRequester: true,
    settleForMs: 10_000,
    remindAfterMs: [3_600_000, 4 * 3_600_000],
    warnBeforeAccessEndsMs: 1_800_000,
    catchUpMs: 30 * 86_400_000,
    retryForMs: 3_600_000,
  });
});

Deno.test("[delivery] time_zone is a name of the IANA data", async () => {
  for (const zone of ["Mars/Phobos", "+01:00"]) {
    const errors = await refuse(file({ delivery: `${SENDER}time_zone = "${zone}"` }));
    assert.match(
      errors[0] ?? "",
      /^Invalid delivery\.time_zone: must be the name of a time zone such as UTC or Europe\/Berlin, current/,
    );
  }
});

Deno.test("[delivery] without a sender derives one, with a warning", async () => {
  const mailgun = 'domain = "mg.example.com"\nprivate_key = "k"';
  const login = 'host = "smtp.example.com"\npassword = "p"\nusername = ';
  const cases: [Record<string, string | null>, string][] = [
    [{ smtp: null, mailgun }, "teleport-email@mg.example.com"],
    [{ smtp: 'host = "smtp.example.com"' }, "teleport-email@smtp.example.com"],
    [{ smtp: `${login}"bot@example.com"` }, "bot@example.com"],
    [{ smtp: `${login}"bot"` }, "teleport-email@smtp.example.com"],
    [{ smtp: 'host = "smtps://m.example.com:465/"' }, "teleport-email@m.example.com"],
  ];
  for (const [others, address] of cases) {
    for (const body of [null, 'sender = ""']) {
      const { delivery, warnings } = await deliveryOf(body, others);
      assert.deepEqual(delivery.sender, { address });
      assert.equal(warnings.at(-1), `delivery.sender is not set: emails are sent from ${address}`);
    }
  }
});

Deno.test("[delivery] needs a sender where none can be derived", async () => {
  for (const host of ["localhost", "relay", "192.0.2.1", "::1"]) {
    assert.deepEqual(await refuse(file({ delivery: null, smtp: `host = "${host}"` })), [
      "provide delivery.sender: the address that emails are sent from",
    ], host);
  }
});

Deno.test("[delivery] refuses invalid values", async () => {
  const bare = " (a bare number counts nanoseconds: write a unit)";
  const cases: [string, string][] = [
    [
      'sender = "noreply"',
      "Invalid delivery.sender: must be an address such as a@example.com " +
      'or Name <a@example.com>, current value is "noreply"',
    ],
    [
      `${SENDER}reply_to = "a@b, c@d"`,
      "Invalid delivery.reply_to: must be an address such as " +
      'a@example.com or Name <a@example.com>, current value is "a@b, c@d"',
    ],
    [
      `${SENDER}catch_up = 0`,
      "Invalid delivery.catch_up: must be at least 1s, current value is 0s",
    ],
    [
      `${SENDER}catch_up = "-1h"`,
      "Invalid delivery.catch_up: must be at least 1s, current value is -1h0m0s",
    ],
    [
      `${SENDER}settle_for = "2h"`,
      "Invalid delivery.settle_for: must be 0s, or between 1s and 1h, current value is 2h0m0s",
    ],
    [
      `${SENDER}settle_for = 10`,
      `Invalid delivery.settle_for: must be 0s, or between 1s and 1h, current value is 10ns${bare}`,
    ],
    [
      `${SENDER}retry_for = 24`,
      `Invalid delivery.retry_for: must be at least 1s, current value is 24ns${bare}`,
    ],
    [
      `${SENDER}retry_for = "1d"`,
      'Invalid delivery.retry_for: time: unknown unit "d" in duration "1d"',
    ],
    [
      `${SENDER}allowed_domains = "example.com"`,
      "Invalid delivery.allowed_domains: must be a list of strings, current value is a string",
    ],
    [
      `${SENDER}allowed_domains = ["example.com", "bob@example.com", "*"]`,
      "Invalid delivery.allowed_domains: must list domains such as example.com, " +
      'or *.example.com for the domains below it, current value has "bob@example.com"',
    ],
    [
      `${SENDER}allowed_domains = [7]`,
      "Invalid delivery.allowed_domains: must be a list of strings, current value is an integer",
    ],
    [
      `${SENDER}remind_after = "1h"`,
      "Invalid delivery.remind_after: must be a list of durations such as " +
      '["1h", "4h"], current value is a string',
    ],
    [
      `${SENDER}remind_after = ["1h", "59s", "1s"]`,
      "Invalid delivery.remind_after: must be at least 1m, current value is 59s",
    ],
    [
      `${SENDER}remind_after = [60]`,
      "Invalid delivery.remind_after: must be at least 1m, current value is 60ns",
    ],
    [
      `${SENDER}remind_after = [${'"1h", '.repeat(11)}]`,
      "Invalid delivery.remind_after: must have at most 10 durations, current value has 11",
    ],
    [
      `${SENDER}warn_before_access_ends = "10s"`,
      "Invalid delivery.warn_before_access_ends: must be at least 1m, current value is 10s",
    ],
    [
      `${SENDER}html = "yes"`,
      "Invalid delivery.html: must be true or false, current value is a string",
    ],
    [
      `${SENDER}recipients = "a@b"`,
      "Invalid delivery.recipients: must be a list of strings, current value is a string",
    ],
    [
      `${SENDER}recipients = [1, 2]`,
      "Invalid delivery.recipients: must be a list of strings, current value is an integer",
    ],
  ];
  for (const [body, error] of cases) {
    assert.deepEqual(await refuse(file({ delivery: body })), [error], body);
  }
});
