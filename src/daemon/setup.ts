/**
 * The parts that a configuration creates: connections, listener, templates. A reload keeps each part whose
 * section of the configuration is unchanged.
 */

import type { Config, HttpConfig } from "../config/config.ts";
import type { Log } from "../log.ts";
import { domainOf } from "../mail/address.ts";
import { loadTemplates, type Templates } from "../mail/content/templates.ts";
import type { MailTransport } from "../mail/transport.ts";
import type { HttpServer } from "../ops/http.ts";
import { type ClusterAccess, type ClusterDeps, openCluster } from "./cluster.ts";
import { StartError } from "./start_error.ts";
import { createTransport } from "./transport.ts";

/** The parts of one configuration. */
export interface Setup {
  readonly config: Config;
  /** Creation time, milliseconds since 1970. */
  readonly loadedMs: number;
  readonly templates: Templates;
  /** The sender's domain. */
  readonly domain: string;
  readonly cluster: ClusterAccess;
  /** Undefined when `http.listen` is not set. */
  readonly listener: HttpServer | undefined;
  readonly transport: MailTransport;
}

/** The dependencies of {@linkcode prepare}. */
export interface SetupDeps extends ClusterDeps {
  /** Serves `http.listen`; may take the address over from `current`. Undefined if not set. */
  readonly listen: (
    http: HttpConfig,
    current: HttpServer | undefined,
  ) => Promise<HttpServer | undefined>;
}

/**
 * Creates the parts for `config`, or reuses those of `old`, which keeps working either way.
 *
 * @throws {StartError | ClusterError} everything created so far is released, as when `signal` is aborted
 */
export async function prepare(
  config: Config,
  old: Setup | undefined,
  deps: SetupDeps,
  signal: AbortSignal,
): Promise<Setup> {
  await using made = new AsyncDisposableStack();
  const make = async <T extends AsyncDisposable | undefined>(
    part: () => T | Promise<T>,
  ): Promise<T> => {
    // The caller may have timed out while a file or a name lookup hung.
    signal.throwIfAborted();
    return made.use(await part());
  };
  const isKept = (section: (config: Config) => unknown): boolean =>
    old !== undefined && JSON.stringify(section(old.config)) === JSON.stringify(section(config));
  const { teleport, http, mail } = config;
  const domain = senderDomain(config);
  const setup: Setup = {
    config,
    loadedMs: deps.clock.now(),
    templates: await readTemplates(config, deps.log),
    domain,
    cluster: old !== undefined && isKept((config) => config.teleport)
      ? old.cluster
      : await make(() => openCluster(teleport, deps, signal)),
    listener: isKept((config) => config.http)
      ? old?.listener
      : await make(() => deps.listen(http, old?.listener)),
    transport: old !== undefined && isKept((config) => [config.mail, senderDomain(config)])
      ? old.transport
      : await make(() => createTransport(mail, domain, deps.log)),
  };
  signal.throwIfAborted();
  made.move();
  return setup;
}

/** Releases the parts of `setup` that `kept` does not reuse. Never rejects. */
export async function release(setup: Setup, log: Log, kept?: Setup): Promise<void> {
  const names = ["transport", "listener", "cluster"] as const;
  await Promise.all(names.map(async (name) => {
    const part = setup[name];
    if (part === undefined || part === kept?.[name]) return;
    try {
      await part[Symbol.asyncDispose]();
    } catch (error) {
      log.warn("Cannot close a part of the previous configuration", { part: name, error });
    }
  }));
}

function senderDomain({ delivery }: Config): string {
  return domainOf(delivery.sender.address);
}

async function readTemplates({ templates }: Config, log: Log): Promise<Templates> {
  const result = await loadTemplates(templates.directory);
  for (const warning of result.warnings) log.warn(warning);
  if (!result.ok) throw new StartError(result.errors);
  return result.templates;
}
