import assert from "node:assert/strict";
import type { Traits } from "../teleport/calls/users.ts";
import { ClusterError } from "../teleport/errors.ts";
import { FakeClock } from "../testing/fake_clock.ts";
import { fakeLog } from "../testing/fake_log.ts";
import { RequesterAddresses } from "./requester_address.ts";

const never = new AbortController().signal;

type Answer = Traits | undefined | ClusterError;

function setUp(answer: (user: string) => Answer) {
  const clock = new FakeClock();
  const log = fakeLog();
  const asked: string[] = [];
  const requesters = new RequesterAddresses({
    clock,
    log,
    cluster: {
      readTraits: (user) => {
        asked.push(user);
        const found = answer(user);
        return found instanceof ClusterError ? Promise.reject(found) : Promise.resolve(found);
      },
    },
    addresses: new Map([["carol", "c@example.com"]]),
    trait: "email",
    isAddress: (text) => text.includes("@"),
  });
  return {
    clock,
    asked,
    addressOf: (user: string) => requesters.addressOf(user, { request_id: "r1" }, never),
    warnings: () => log.lines.filter(({ level }) => level === "warn").map(({ message }) => message),
  };
}

const traits = (...values: string[]) => new Map([["email", values]]);

Deno.test("RequesterAddresses.addressOf() takes the table, then the trait, then the name", async () => {
  const { addressOf, asked } = setUp((user) =>
    user === "alice" ? traits("no address", "a@example.com", "b@example.com") : undefined
  );
  assert.equal(await addressOf("carol"), "c@example.com");
  assert.deepEqual(asked, []);
  assert.equal(await addressOf("alice"), "a@example.com");
  assert.equal(await addressOf("dave@example.com"), "dave@example.com");
  assert.equal(await addressOf("dave"), undefined);
  assert.equal(await addressOf(""), undefined);
});

Deno.test("RequesterAddresses.addressOf() asks nothing without a trait", async () => {
  const requesters = new RequesterAddresses({
    clock: new FakeClock(),
    log: fakeLog(),
    cluster: { readTraits: () => assert.fail("asked") },
    addresses: new Map(),
    trait: undefined,
    isAddress: (text) => text.includes("@"),
  });
  assert.equal(
    await requesters.addressOf("a@example.com", { request_id: "r1" }, never),
    "a@example.com",
  );
  assert.equal(await requesters.addressOf("alice", { request_id: "r1" }, never), undefined);
});

Deno.test("RequesterAddresses.addressOf() asks again after some minutes", async () => {
  let address = "old@example.com";
  const { addressOf, asked, clock } = setUp(() => traits(address));
  assert.equal(await addressOf("alice"), "old@example.com");
  address = "new@example.com";
  assert.equal(await addressOf("alice"), "old@example.com");
  await clock.tick(10 * 60_000);
  assert.equal(await addressOf("alice"), "new@example.com");
  assert.deepEqual(asked, ["alice", "alice"]);
});

Deno.test("RequesterAddresses.addressOf() fails for a minute, then goes on without an answer", async () => {
  let answer: Answer = new ClusterError("unavailable", "no answer");
  const { addressOf, warnings, clock } = setUp(() => answer);
  await assert.rejects(addressOf("alice@example.com"), /no answer/);
  await clock.tick(30_000);
  await assert.rejects(addressOf("alice@example.com"), /no answer/);
  assert.deepEqual(warnings(), []);
  await clock.tick(30_000);
  assert.equal(await addressOf("alice@example.com"), "alice@example.com");
  assert.deepEqual(warnings(), [
    "Cannot look up the email address of a user, the user name is used",
  ]);
  // What was not found is looked up by the next mail.
  answer = traits("a@example.com");
  assert.equal(await addressOf("alice@example.com"), "a@example.com");
});

Deno.test("RequesterAddresses.addressOf() warns once of a missing permission, until it is there", async () => {
  let answer: Answer = new ClusterError("denied", "no");
  const { addressOf, warnings, clock } = setUp(() => answer);
  assert.equal(await addressOf("alice@example.com"), "alice@example.com");
  assert.equal(await addressOf("bob"), undefined);
  assert.equal(warnings().length, 1);
  answer = traits("a@example.com");
  await clock.tick(10 * 60_000);
  assert.equal(await addressOf("bob"), "a@example.com");
  answer = new ClusterError("denied", "no");
  await addressOf("dave");
  assert.equal(warnings().length, 2);
});

Deno.test("RequesterAddresses.addressOf() rejects what is aborted", async () => {
  const aborted = AbortSignal.abort();
  const requesters = new RequesterAddresses({
    clock: new FakeClock(),
    log: fakeLog(),
    cluster: { readTraits: () => Promise.reject(new ClusterError("denied", "stopped")) },
    addresses: new Map(),
    trait: "email",
    isAddress: () => true,
  });
  await assert.rejects(requesters.addressOf("alice", { request_id: "r1" }, aborted), /stopped/);
});
