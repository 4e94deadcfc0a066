import assert from "node:assert/strict";
import { accept, file, refuse } from "../testing/parse.ts";

const NOTIFY = 'sender = "noreply@example.com"\nnotify_requester = true';

Deno.test("[requester_addresses] has an address for each user name, which is any text", async () => {
  const { config, warnings } = await accept(file({
    delivery: NOTIFY,
    "requester_addresses": 'alice = "a@example.com"\n"Bob Q. Public" = "bob@example.com"',
  }));
  assert.deepEqual([...config.requesterAddresses], [
    ["alice", "a@example.com"],
    ["Bob Q. Public", "bob@example.com"],
  ]);
  assert.deepEqual(warnings, []);
});

Deno.test("[requester_addresses] refuses what is not an address", async () => {
  const reason = "must be an address such as a@example.com, current value is";
  const cases = [
    ["bob", '"bob"'],
    ["Bob <b@example.com>", '"Bob <b@example.com>"'],
    ["", '""'],
  ];
  for (const [value, shown] of cases) {
    assert.deepEqual(
      await refuse(
        file({ delivery: NOTIFY, "requester_addresses": `bob = ${JSON.stringify(value)}` }),
      ),
      [`Invalid requester_addresses.bob: ${reason} ${shown}`],
    );
  }
  assert.deepEqual(
    await refuse(file({ delivery: NOTIFY, "requester_addresses": 'bob = ["b@example.com"]' })),
    [`Invalid requester_addresses.bob: ${reason} a list`],
  );
  assert.deepEqual(
    await refuse(`requester_addresses = 1\n${file({ delivery: NOTIFY })}`),
    ["Invalid requester_addresses: must be a table, current value is an integer"],
  );
});

Deno.test("parseConfig() warns of settings for requesters who are not notified", async () => {
  const { warnings } = await accept(file({
    delivery: 'sender = "noreply@example.com"\nrequester_trait = "email"\n' +
      'warn_before_access_ends = "1h"',
    "requester_addresses": 'alice = "a@example.com"',
  }));
  assert.deepEqual(warnings, [
    "delivery.requester_trait has no effect without delivery.notify_requester",
    "delivery.warn_before_access_ends has no effect without delivery.notify_requester",
    "requester_addresses has no effect without delivery.notify_requester",
  ]);
});
