/**
 * What a configuration makes: connections, listener, templates. A reload keeps every part whose section
 * of the configuration is still the same.
 */

import type { Config } from "../config/config.ts";
import { domainOf } from "../mail/address.ts";
import { loadTemplates, type Templates } from "../mail/content/templates.ts";
import type { MailTransport } from "../mail/transport.ts";
import type { Log } from "../log.ts";
import { type ClusterAccess, type ClusterDeps, openCluster } from "./cluster.ts";
import type { DaemonState } from "./state.ts";
import { serveEndpoints } from "./endpoints.ts";
import { StartError } from "./start_error.ts";
import { createTransport } from "./transport.ts";

/** A part, and the part of the configuration that it was made from. */
interface Part<T extends AsyncDisposable | undefined> {
  readonly madeFrom: string;
  readonly value: T;
}

export interface Setup {
  readonly config: Config;
  /** When it was made. */
  readonly atMs: number;
  readonly templates: Templates;
  /** The sender's domain. */
  readonly domain: string;
  readonly cluster: Part<ClusterAccess>;
  readonly http: Part<AsyncDisposable | undefined>;
  readonly transport: Part<MailTransport>;
}

export interface SetupDeps extends ClusterDeps {
  readonly state: DaemonState;
}

/**
 * Makes what `config` asks for, or takes it over from `old`, which goes on working either way.
 *
 * @throws {StartError | ClusterError} and leaves nothing behind
 */
export async function prepare(
  config: Config,
  old: Setup | undefined,
  deps: SetupDeps,
): Promise<Setup> {
  await using made = new AsyncDisposableStack();
  const part = async <T extends AsyncDisposable | undefined>(
    oldPart: Part<T> | undefined,
    from: unknown,
    make: () => T | Promise<T>,
  ): Promise<Part<T>> => {
    const madeFrom = JSON.stringify(from);
    return oldPart?.madeFrom === madeFrom ? oldPart : { madeFrom, value: made.use(await make()) };
  };
  const { teleport, http, mail, delivery } = config;
  const domain = domainOf(delivery.sender.address);
  const setup: Setup = {
    config,
    atMs: deps.clock.now(),
    templates: await readTemplates(config, deps.log),
    domain,
    cluster: await part(old?.cluster, teleport, () => openCluster(teleport, deps)),
    http: await part(old?.http, http, () => serveEndpoints(http, deps.state)),
    transport: await part(old?.transport, [mail, domain], () => createTransport(mail, domain)),
  };
  made.move();
  return setup;
}

/** Ends the parts of `setup` that `kept` does not go on with. */
export async function release(setup: Setup, kept?: Setup): Promise<void> {
  for (const name of ["transport", "http", "cluster"] as const) {
    const { value } = setup[name];
    if (kept?.[name].value !== value) await value?.[Symbol.asyncDispose]();
  }
}

async function readTemplates({ templates }: Config, log: Log): Promise<Templates> {
  const result = await loadTemplates(templates.directory);
  for (const warning of result.warnings) log.warn(warning);
  if (!result.ok) throw new StartError(result.errors);
  return result.templates;
}
