import assert from "node:assert/strict";
import { startAuthServer } from "../auth/server.ts";
import { Cluster } from "./cluster.ts";
import type { Identity } from "../pki/identity.ts";
import { createPki } from "../pki/pki.ts";
import { HostAuthority, ROTATION_PHASES } from "./rotation.ts";
import { RpcClient } from "../testing/rpc_client.ts";

Deno.test("HostAuthority rotates so that identities of the phase before work, and of no earlier one", async () => {
  const pki = await createPki("sim.example.com");
  await using auth = await startAuthServer(new Cluster("sim.example.com"), pki);
  const authority = new HostAuthority(pki, [auth]);
  const works = async (identity: Identity) => {
    using client = new RpcClient(auth.address, identity);
    return (await client.call("ping")).code === "OK";
  };
  const identities = [await authority.issue({})];
  const table: boolean[][] = [];
  for (const phase of ROTATION_PHASES) {
    await authority.enter(phase);
    identities.push(await authority.issue({}));
    table.push(await Promise.all(identities.map(works)));
  }
  assert.deepEqual(table, [
    [true, true],
    [false, true, true],
    [false, true, true, true],
  ]);
  await assert.rejects(authority.enter("standby"), /no rotation is under way/);
  assert.equal(identities[2]?.casPem.match(/BEGIN/g)?.length, 2);
  assert.equal(identities[3]?.ssh?.authorities.length, 1);
});
