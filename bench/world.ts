/** A cluster and a mail server in processes of their own, for the benchmark. */

export interface WorldOptions {
  /** Addresses that receive the notifications of every request. */
  readonly recipients: readonly string[];
  /** Delay of each reply of the mail server and of each call to the cluster, in ms. Default 0. */
  readonly roundTripMs?: number;
  /** `smtp.max_connections`. Default: the program's own default. */
  readonly maxConnections?: number;
}

export interface World extends AsyncDisposable {
  /** Path of a configuration file for this world. */
  readonly config: string;
  /** Creates pending requests, as fast as the cluster can; returns their ids. */
  create(count: number): Promise<readonly string[]>;
  /** Adds reviews, which decide nothing, to a request. */
  review(id: string, count: number): Promise<void>;
  /** What the mail server has accepted so far. */
  accepted(): Promise<Accepted>;
  /** Calls that the cluster has answered so far, by method. */
  calls(): Promise<Readonly<Record<string, number>>>;
}

export interface Accepted {
  readonly emails: number;
  /** When the server accepted the last one, in ms since the epoch; undefined if there is none. */
  readonly lastMs: number | undefined;
  /** Connections that clients have opened so far. */
  readonly connections: number;
}

export interface Worlds extends AsyncDisposable {
  /** Names the world in tables and results. */
  readonly name: string;
  open(options: WorldOptions): Promise<World>;
}

/** Sets keys of one TOML table in a configuration that has the table already. */
export async function setKeys(
  path: string,
  table: string,
  keys: Readonly<Record<string, string | number | undefined>>,
): Promise<void> {
  const lines = Object.entries(keys).filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`);
  const text = await Deno.readTextFile(path);
  if (!text.includes(`[${table}]\n`)) {
    throw new Error(`Cannot set keys in '${path}': it has no table [${table}]`);
  }
  await Deno.writeTextFile(path, text.replace(`[${table}]\n`, `[${table}]\n${lines.join("")}`));
}
