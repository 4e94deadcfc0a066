import assert from "node:assert/strict";
import { errorOf, never, withCluster } from "../testing/with_cluster.ts";

const STATIC = { team: ["blue"] };
const ALL = { team: ["blue", "red"], level: ["3"] };

Deno.test("TeleportClient.readTraits() reads the login state, and else the user", async () => {
  await withCluster(async ({ cluster: { users }, client }) => {
    users.set("alice", { state: "login", traits: ALL, staticTraits: STATIC });
    users.set("bob", { state: "user", traits: STATIC });
    users.set("carol", { state: "login", traits: {}, staticTraits: STATIC });
    const traits = (name: string) => client.readTraits(name, never);
    assert.deepEqual(await traits("alice"), new Map(Object.entries(ALL)));
    assert.deepEqual(await traits("bob"), new Map(Object.entries(STATIC)));
    // A login state without traits hides those of the user.
    assert.deepEqual(await traits("carol"), new Map());
    assert.equal(await traits("nobody"), undefined);
  });
});

Deno.test("TeleportClient.readTraits() asks old servers by the calls that they know", async () => {
  await withCluster(async ({ cluster: { users }, auth, client }) => {
    users.set("alice", { state: "login", traits: ALL, staticTraits: STATIC });
    auth.isOld = true;
    assert.deepEqual(await client.readTraits("alice", never), new Map(Object.entries(STATIC)));
    auth.setUnimplemented("GetUser");
    assert.equal((await errorOf(client.readTraits("alice", never))).kind, "unsupported");
  });
});

Deno.test("TeleportClient.readTraits() says what it may not read, without the name of the user", async () => {
  await withCluster(async ({ cluster, client }) => {
    cluster.users.set("alice", { state: "user", traits: STATIC });
    cluster.roles.deny("user");
    const user = await errorOf(client.readTraits("alice", never));
    assert.equal(user.kind, "denied");
    assert.match(user.message, /^Cannot read a user at .* "read" on "user"$/);
    cluster.roles.deny("user_login_state");
    const state = await errorOf(client.readTraits("alice", never));
    assert.match(state.message, /^Cannot read the login state of a user at /);
  });
});
