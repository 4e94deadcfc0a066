/** Runs the real program as a separate process, as systemd does, for the demo and the tests. */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import config from "../../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The flags of `deno task start`. */
const FLAGS = config.tasks.start.command.split(" ").filter((word) => word.startsWith("--"));

/** Runs `main.ts` with arguments until it exits. */
export async function runProgram(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const output = await command(args, env).output();
  const decoder = new TextDecoder();
  return {
    code: output.code,
    stdout: decoder.decode(output.stdout),
    stderr: decoder.decode(output.stderr),
  };
}

function command(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
  program?: string,
  detached = false,
): Deno.Command {
  const fromSource = ["run", ...FLAGS, ...flags, `${ROOT}main.ts`, ...args];
  return new Deno.Command(program ?? Deno.execPath(), {
    args: program === undefined ? fromSource : [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    detached,
  });
}

/** A running `teleport-email start`. */
export class PluginProcess implements AsyncDisposable {
  /** The lines logged so far. */
  readonly lines: string[] = [];
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #waiting = new Set<() => void>();
  readonly #followers: ((line: string) => void)[] = [];
  #code: number | undefined;

  constructor(
    configPath: string,
    options: {
      readonly args?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
      readonly onLine?: (line: string) => void;
      /** More flags for `deno run`. */
      readonly flags?: readonly string[];
      /** A compiled executable instead of the sources. */
      readonly program?: string;
      /** Ctrl-C on the terminal does not reach it: the owner stops it. */
      readonly detached?: boolean;
    } = {},
  ) {
    const args = ["start", "--config", configPath, ...options.args ?? []];
    // The log file may be beside the configuration.
    const flags = [`--allow-write=${dirname(configPath)}`, ...options.flags ?? []];
    const { env = {}, program, detached } = options;
    this.#child = command(args, env, flags, program, detached).spawn();
    if (options.onLine) this.#followers.push(options.onLine);
    this.#reading = this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Resolves when a matching line has been logged.
   *
   * @throws {Error} when the process exits first
   */
  async waitFor(pattern: RegExp, timeoutMs = 60_000): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const line = this.lines.find((line) => pattern.test(line));
      if (line !== undefined) return line;
      if (this.#code !== undefined) throw this.#failure(`ended with code ${this.#code}`, pattern);
      if (Date.now() >= deadline) throw this.#failure("is silent", pattern);
      await this.#change(deadline - Date.now());
    }
  }

  /** Hands over every line, those logged so far first. */
  follow(onLine: (line: string) => void): void {
    for (const line of this.lines) onLine(line);
    this.#followers.push(onLine);
  }

  /** Sends a signal. */
  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** The exit code after the process has ended; 128 and more when a signal killed it. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  /** Stops it as systemd does: SIGTERM, then SIGKILL after 20 s. */
  async stop(): Promise<number> {
    if (this.#code === undefined) this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 60_000);
    const code = await this.ended();
    clearTimeout(timer);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #read(): Promise<void> {
    const stdout = this.#child.stdout.cancel();
    let rest = "";
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      this.lines.push(...lines);
      for (const line of lines) {
        for (const follower of this.#followers) follower(line);
      }
      this.#wake();
    }
    await stdout;
    this.#code = (await this.#child.status).code;
    this.#wake();
  }

  #change(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }

  #failure(what: string, pattern: RegExp): Error {
    const log = this.lines.slice(-20).join("\n");
    return new Error(`The plugin ${what} before it logged ${pattern}:\n${log}`);
  }
}
