/**
 * A Teleport server that shuts down sends GOAWAY. Deno 2.9.4 to 2.9.8 abort on that when no stream is
 * open (denoland/deno#36788); these tests have to pass before another Deno is pinned.
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { type AuthServer, startAuthServer } from "../../sim/auth/server.ts";
import { Cluster } from "../../sim/cluster/cluster.ts";
import { identityFileText, issueIdentity } from "../../sim/pki/identity.ts";
import { createPki } from "../../sim/pki/pki.ts";

const CLIENT = fileURLToPath(new URL("client_process.ts", import.meta.url));
const CLUSTER = "sim.example.com";
const RUNS = 10;
/** Each loop takes some seconds of a processor: ten of them before another Deno is pinned. */
const LOOPS = Number(Deno.env.get("RECONNECT_LOOPS") ?? 2);
const CALLS = 13;
/**
 * The runtime keeps a little of each connection (decisions/runtime.md, "What a reconnect costs");
 * 0.03 MiB was measured.
 */
const MAX_MIB_PER_RECONNECT = 0.05;

/** A client process that is told what to do word by word. */
class Client implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  #text = "";

  constructor(address: string, identity: string) {
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--no-check",
        "--v8-flags=--expose-gc",
        ...[CLIENT, address, identity, String(CALLS)],
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#output = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async tell(word: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(word + "\n"));
  }

  /** Waits for words; undefined when the process ended before they came. */
  async says(words: RegExp): Promise<RegExpExecArray | undefined> {
    for (;;) {
      const found = words.exec(this.#text);
      if (found !== null) {
        this.#text = this.#text.slice(found.index + found[0].length);
        return found;
      }
      const { done, value } = await this.#output.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  /** Its answer; undefined when it ended instead. */
  async does(word: string, answer: RegExp): Promise<RegExpExecArray | undefined> {
    try {
      await this.tell(word);
    } catch {
      return undefined;
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
    for (const client of clients) assert.ok(await client.says(/ready/), "a client did not start");
    await test(auth, clients);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** One after the other, so that a failure names the run. */
async function all(clients: readonly Client[], word: string, answer: RegExp): Promise<void> {
  const answers = await Promise.all(clients.map((client) => client.does(word, answer)));
  for (const [run, found] of answers.entries()) {
    if (found !== undefined) continue;
    assert.fail(`run ${run} ended with exit code ${await clients[run]?.ended()}`);
  }
}

Deno.test("GOAWAY is survived ten times out of ten, without an open stream and under an open watch", async () => {
  await withClients(RUNS, async (auth, clients) => {
    for (let again = 0; again < 2; again++) {
      await auth.goAway();
      await all(clients, "ping", /pinged/);
    }
    await all(clients, "watch", /watching/);
    await auth.goAway();
    await all(clients, "ping", /pinged/);
  });
});

Deno.test("Loops of 300 reconnects are survived", async () => {
  for (let loop = 0; loop < LOOPS; loop++) {
    await withClients(1, (_auth, clients) => all(clients, "cycle", /cycled/));
  }
});

Deno.test("A reconnect costs almost no memory", async () => {
  await withClients(1, async (_auth, [client]) => {
    const [, mib] = await client?.does("weigh", /weighed (\S+)\n/) ?? [];
    assert.ok(Number(mib) < MAX_MIB_PER_RECONNECT, `${mib} MiB for each`);
  });
});
