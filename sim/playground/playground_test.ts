import assert from "node:assert/strict";
import { parse } from "smol-toml";
import { runCluster } from "../cluster/cluster_command.ts";
import { issueIdentity } from "../pki/identity.ts";
import { startPlayground } from "./playground.ts";
import { RpcClient } from "../testing/rpc_client.ts";

async function tempPlayground() {
  const dir = await Deno.makeTempDir();
  const playground = await startPlayground({ dir });
  return {
    ...playground,
    dir,
    control: async (path: string, form?: Record<string, string>) => {
      const response = await fetch(playground.control.url + path, {
        ...form && { method: "POST", body: new URLSearchParams(form) },
      });
      return { status: response.status, body: await response.json() };
    },
    [Symbol.asyncDispose]: async () => {
      await playground[Symbol.asyncDispose]();
      await Deno.remove(dir, { recursive: true });
    },
  };
}

Deno.test("startPlayground() writes a configuration and an identity that fit", async () => {
  await using playground = await tempPlayground();
  // The parser makes objects without a prototype.
  const config = structuredClone(parse(await Deno.readTextFile(playground.paths.config)));
  assert.deepEqual(config["teleport"], {
    addr: playground.proxy.address,
    identity: playground.paths.identity,
  });
  assert.deepEqual(config["role_to_recipients"], {
    dev: ["dev-lead@example.com"],
    "*": ["all@example.com"],
  });
  const identity = await Deno.readTextFile(playground.paths.identity);
  const labels = [...identity.matchAll(/^-----BEGIN (.+)-----$/gm)].map(([, label]) => label);
  assert.deepEqual(labels, ["PRIVATE KEY", "CERTIFICATE", "CERTIFICATE"]);
  const { mode } = await Deno.stat(playground.paths.identity);
  assert.equal((mode ?? 0) & 0o777, 0o600);
});

Deno.test("The control API creates, reviews and decides requests", async () => {
  await using playground = await tempPlayground();
  const { control } = playground;
  const created = await control("/create?user=alice&roles=dev,dba&reviewers=bob&n=2");
  assert.equal(created.body.length, 2);
  const [id] = created.body;
  await control("/review", { id, author: "bob", state: "approved", reason: "go" });
  assert.deepEqual(await control("/deny", { id, reason: "no" }), { status: 200, body: "ok" });
  const { body: requests } = await control("/requests");
  const denied = requests.find((request: { Metadata: { Name: string } }) =>
    request.Metadata.Name === id
  );
  assert.equal(denied.Spec.State, "DENIED");
  assert.equal(denied.Spec.ResolveReason, "no");
  assert.equal(denied.Spec.Reviews[0].Author, "bob");
  assert.equal((await control(`/expire?id=${id}`)).status, 200);
  const { body: stats } = await control("/stats");
  assert.deepEqual(stats, { requests: 1, watchers: 0, mails: 0, calls: {} });
});

Deno.test("The control API decides by thresholds and promotes", async () => {
  await using playground = await tempPlayground();
  const { control, cluster } = playground;
  const { body: [first, second] } = await control("/create?approve=1&deny=1&n=2");
  await control(`/review?id=${first}&state=DENIED`);
  assert.equal(cluster.get(first)?.Spec?.State, 3);
  await control(`/promote?id=${second}&title=Operations`);
  assert.equal(cluster.get(second)?.Spec?.accessList?.Title, "Operations");
});

Deno.test("The control API explains what it cannot do", async () => {
  await using playground = await tempPlayground();
  const error = async (path: string) => {
    const { status, body } = await playground.control(path);
    return `${status} ${body.error}`;
  };
  assert.equal(await error("/approve"), "400 Cannot do '/approve': parameter 'id' is missing");
  assert.equal(
    await error("/approve?id=x"),
    '400 cannot set state of access request "x" (not found)',
  );
  assert.equal(
    await error("/resolve?id=x&state=maybe"),
    "400 Cannot do '/resolve': parameter 'state' is 'maybe', want one of PENDING, APPROVED, DENIED, PROMOTED",
  );
  assert.equal(
    await error("/create?n=many"),
    "400 Cannot do '/create': parameter 'n' is 'many', want a number up to 100000",
  );
  assert.match(await error("/nothing"), /^404 Cannot find '\/nothing': choose one of \/create, /);
});

Deno.test("The control API renews the identity", async () => {
  await using playground = await tempPlayground();
  const before = await Deno.readTextFile(playground.paths.identity);
  assert.equal((await playground.control("/renew?ttl=90s")).status, 200);
  assert.notEqual(await Deno.readTextFile(playground.paths.identity), before);
});

Deno.test("startPlayground() deletes expired requests on its own", async () => {
  const dir = await Deno.makeTempDir();
  const clock = { now: new Date() };
  {
    await using playground = await startPlayground({
      dir,
      now: () => clock.now,
      sweepIntervalMs: 5,
    });
    using client = new RpcClient(playground.auth.address, await issueIdentity(playground.pki));
    using watch = client.stream("watchEvents", { Kinds: [{ Kind: "access_request" }] });
    await watch.atLeast(1);
    playground.cluster.create();
    clock.now = new Date(clock.now.getTime() + 2 * 3_600_000);
    const events = await watch.atLeast(3);
    assert.equal(events.at(-1)?.Resource.case, "ResourceHeader");
  }
  await Deno.remove(dir, { recursive: true });
});

Deno.test("runCluster() prints how to continue and removes its directory at the end", async () => {
  const controller = new AbortController();
  let output = "";
  const write = (text: string) => {
    output += text;
    controller.abort();
  };
  await runCluster([], { write, signal: controller.signal });
  const config = /task start --config (\S+)/.exec(output)?.[1] ?? "";
  assert.match(config, /teleport-email\.toml$/);
  assert.match(output, /curl -s http:\/\/127\.0\.0\.1:\d+\/create -d "user=alice@example\.com"/);
  await assert.rejects(Deno.stat(config), Deno.errors.NotFound);
});
