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

Deno.test("[access_lists] has a use for addresses of users", async () => {
  const { warnings } = await accept(file({
    delivery: 'sender = "noreply@example.com"\nrequester_trait = "email"',
    "access_lists": "remind = true",
    "requester_addresses": 'alice = "a@example.com"',
  }));
  assert.deepEqual(warnings, []);
});
