/** The routing explanation, by the program's own `route`. */

import { runProgram } from "../plugin_process.ts";

/** What `route --json` says of a request, or why it says nothing. */
export type Explanation = { readonly route: unknown } | { readonly error: string };

/** Explains requests, one after the other: each takes a process. */
export class Routing {
  readonly #known = new Map<string, Explanation>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(private readonly configPath: string) {}

  /** The explanation of a request of the cluster; never rejects. */
  explain(id: string): Promise<Explanation> {
    const known = this.#known.get(id);
    if (known !== undefined) return Promise.resolve(known);
    const explained = this.#last.then(() => this.#known.get(id) ?? this.#run(id));
    this.#last = explained;
    return explained;
  }

  async #run(id: string): Promise<Explanation> {
    const args = ["route", "--config", this.configPath, "--request", id, "--json"];
    const { stdout, stderr } = await runProgram(args);
    try {
      const explanation = { route: JSON.parse(stdout) };
      this.#known.set(id, explanation);
      return explanation;
    } catch {
      return { error: stderr.trim() || "'route' printed nothing" };
    }
  }
}
