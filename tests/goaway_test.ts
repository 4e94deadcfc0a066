/**
 * A Teleport server that shuts down sends GOAWAY. Deno 2.9.4 to 2.9.8 abort on that when no stream is
 * open (denoland/deno#36788); these tests have to pass before another Deno is pinned.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type AuthServer, startAuthServer } from "../sim/auth_server.ts";
import { Cluster } from "../sim/cluster.ts";
import { identityFileText, issueIdentity } from "../sim/identity.ts";
import { createPki } from "../sim/pki.ts";

const CLIENT = fileURLToPath(new URL("client_process.ts", import.meta.url));
const CLUSTER = "sim.example.com";
const RUNS = 10;
const CALLS = 13;

/** A client process that is told what to do word by word. */
class Client implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(address: string, identity: string) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", CLIENT, address, identity, String(CALLS)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async tell(word: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(word + "\n"));
  }

  /** Waits for a word; false when the process ended before it came. */
  async says(word: string): Promise<boolean> {
    while (!this.#text.includes(word)) {
      const { done, value } = await this.#output.read();
      if (done) return false;
      this.#text += value;
    }
    this.#text = this.#text.slice(this.#text.indexOf(word) + word.length);
    return true;
  }

  /** Whether it did as it was told. */
  async does(word: string, answer: string): Promise<boolean> {
    try {
      await this.tell(word);
    } catch {
      return false;
    }
    return await this.says(answer);
  }

  /** The exit code: 134 and 139 are the faults. */
  async ended(): Promise<number> {
    return (await this.#process.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.write(new TextEncoder().encode("exit\n")).catch(() => {});
    await this.#input.close().catch(() => {});
    await this.#process.status;
    await this.#output.cancel();
  }
}

async function withClients(
  count: number,
  test: (auth: AuthServer, clients: readonly Client[]) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    const pki = await createPki(CLUSTER);
    const identity = `${dir}/identity`;
    await Deno.writeTextFile(identity, identityFileText(await issueIdentity(pki)));
    await using stack = new AsyncDisposableStack();
    const auth = stack.use(await startAuthServer(new Cluster(CLUSTER), pki));
    const clients = Array.from(
      { length: count },
      () => stack.use(new Client(auth.address, identity)),
    );
    for (const client of clients) assert.ok(await client.says("ready"), "a client did not start");
    await test(auth, clients);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** One after the other, so that a failure names the run. */
async function all(clients: readonly Client[], word: string, answer: string): Promise<void> {
  const answers = await Promise.all(clients.map((client) => client.does(word, answer)));
  for (const [run, isAlive] of answers.entries()) {
    if (isAlive) continue;
    assert.fail(`run ${run} ended with exit code ${await clients[run]?.ended()}`);
  }
}

Deno.test("GOAWAY is survived ten times out of ten, without an open stream and under an open watch", async () => {
  await withClients(RUNS, async (auth, clients) => {
    for (let again = 0; again < 2; again++) {
      await auth.goAway();
      await all(clients, "ping", "pinged");
    }
    await all(clients, "watch", "watching");
    await auth.goAway();
    await all(clients, "ping", "pinged");
  });
});
