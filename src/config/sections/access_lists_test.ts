import assert from "node:assert/strict";
import { accept, file, refuse } from "../testing/parse.ts";

Deno.test("[access_lists] is off by default", async () => {
  assert.deepEqual((await accept(file({}))).config.accessLists, { remind: false });
  const on = file({ "access_lists": "remind = true" });
  assert.deepEqual((await accept(on)).config.accessLists, { remind: true });
  assert.deepEqual(await refuse(file({ "access_lists": 'remind = "yes"' })), [
    "Invalid access_lists.remind: must be true or false, current value is a string",
  ]);
});

Deno.test("Reminders have a use for addresses of users, without requesters who are notified", async () => {
  const delivery = 'sender = "noreply@example.com"\nrequester_trait = "email"';
  const addresses = { "requester_addresses": 'alice = "a@example.com"' };
  const texts = [
    file({ delivery, "access_lists": "remind = true", ...addresses }),
    file({ delivery: `${delivery}\nremind_after = ["1h"]`, ...addresses }),
  ];
  for (const text of texts) assert.deepEqual((await accept(text)).warnings, []);
});
