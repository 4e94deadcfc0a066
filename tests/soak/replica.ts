/** One replica of the program, kept running as a service manager would. */

import { type Cable, startCable } from "../../sim/proxy/cable.ts";
import type { Playground } from "../../sim/playground/playground.ts";
import { PluginProcess } from "../../sim/playground/plugin_process.ts";
import { parse, stringify } from "smol-toml";

const RESTART_MS = 1_000;
/** After this a service manager kills what does not stop. */
const STOP_LIMIT_MS = 20_000;

export interface ReplicaPlace {
  readonly name: string;
  /** Where it finds the cluster, `host:port`; a cable is laid to it. */
  readonly target: string;
  readonly playground: Playground;
  readonly dir: string;
}

/** How a process has ended on its own. */
export interface Exit {
  readonly replica: string;
  readonly atMs: number;
  readonly code: number;
  readonly lastLine: string;
}

export class Replica implements AsyncDisposable {
  /** Unexpected exits. */
  readonly exits: Exit[] = [];
  /** Starts, the first one included. */
  starts = 0;
  #process: PluginProcess | undefined;
  #isClosed = false;
  #isWanted = true;
  #running: Promise<void> = Promise.resolve();

  private constructor(
    readonly name: string,
    /** To the cluster. */
    readonly cluster: Cable,
    /** To the mail server. */
    readonly mail: Cable,
    private readonly config: string,
    /** Where it serves HTTP, `127.0.0.1:port`. */
    readonly http: string,
    private readonly onLine: (line: string) => void,
  ) {}

  /** Lays the cables, writes the configuration and starts the program. */
  static async start(
    { name, target, playground, dir }: ReplicaPlace,
    onLine: (line: string) => void,
  ): Promise<Replica> {
    const cluster = await startCable(target);
    const mail = await startCable(`127.0.0.1:${playground.mail.port}`);
    const settings = parse(await Deno.readTextFile(playground.paths.config));
    const teleport = {
      ...settings["teleport"] as object,
      addr: cluster.address,
      "web_root_cas": playground.paths.webCa,
      "refresh_identity": true,
      "refresh_identity_interval": "1s",
    };
    const smtp = {
      ...settings["smtp"] as object,
      port: Number(mail.address.split(":")[1]),
      // By this the mail server knows who sends.
      "hello_name": `${name}.example.com`,
    };
    const path = `${dir}/${name}.toml`;
    const listen = `127.0.0.1:${freePort()}`;
    const http = { listen };
    await Deno.writeTextFile(path, stringify({ ...settings, teleport, smtp, http }));
    const replica = new Replica(name, cluster, mail, path, listen, onLine);
    replica.#running = replica.#keepRunning();
    return replica;
  }

  /** Undefined while it is between two lives. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Waits until the process of the moment has said that it is ready. */
  async ready(): Promise<void> {
    await this.#process?.waitFor(/Plugin is ready/, 60_000);
  }

  signal(name: Deno.Signal): void {
    try {
      this.#process?.signal(name);
    } catch {
      // It has just ended.
    }
  }

  /** Reloads from a pipe without a writer, until the returned function is called. */
  async reloadFromPipe(): Promise<() => Promise<void>> {
    const text = await Deno.readTextFile(this.config);
    const pipe = `${this.config}.pipe`;
    await new Deno.Command("mkfifo", { args: [pipe] }).output();
    await Deno.rename(pipe, this.config);
    this.signal("SIGHUP");
    return async () => {
      await Deno.writeTextFile(pipe, text);
      await Deno.rename(pipe, this.config);
    };
  }

  /** Kills the process, which comes back. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Stops the process in good order; it comes back. Says whether it had to be killed. */
  async restart(): Promise<"stopped" | "killed"> {
    return await this.#end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.signal("SIGCONT");
    await this.#end("SIGTERM");
    await this.#running;
    await this.cluster[Symbol.asyncDispose]();
    await this.mail[Symbol.asyncDispose]();
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<"stopped" | "killed"> {
    const process = this.#process;
    if (process === undefined) return "stopped";
    this.#isWanted = false;
    this.signal(signal);
    let wasKilled = false;
    const limit = setTimeout(() => {
      wasKilled = true;
      this.signal("SIGKILL");
    }, STOP_LIMIT_MS);
    await process.ended();
    clearTimeout(limit);
    return wasKilled ? "killed" : "stopped";
  }

  async #keepRunning(): Promise<void> {
    while (!this.#isClosed) {
      this.#isWanted = true;
      this.starts++;
      const process = new PluginProcess(this.config, { onLine: this.onLine });
      this.#process = process;
      const code = await process.ended();
      this.#process = undefined;
      if (this.#isWanted) {
        const lastLine = process.lines.at(-1) ?? "";
        this.exits.push({ replica: this.name, atMs: Date.now(), code, lastLine });
      }
      if (!this.#isClosed) await new Promise((resolve) => setTimeout(resolve, RESTART_MS));
    }
  }
}

/** A port that was free a moment ago. */
function freePort(): number {
  using probe = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return probe.addr.port;
}
