/**
 * The running program: connects, follows requests, sends mails, until it is told to stop. Everything it
 * needs from outside comes in, so that tests run it in-process.
 */

import type { Clock } from "../clock.ts";
import type { Config } from "../config/config.ts";
import { isEmailAddress } from "../config/address.ts";
import type { Log } from "../log.ts";
import { domainOf } from "../mail/address.ts";
import { requestLink } from "../mail/request_link.ts";
import { loadTemplates, type Templates } from "../mail/templates.ts";
import type { MailTransport } from "../mail/transport.ts";
import { ComposingMailer } from "../requests/composing_mailer.ts";
import { follow } from "../requests/feed.ts";
import { TransportGate } from "../requests/gate.ts";
import { Reconciler } from "../requests/reconciler.ts";
import { Slots } from "../requests/slots.ts";
import { type ServerInfo, TeleportClient } from "../teleport/client.ts";
import { loadCredentials } from "../teleport/credentials.ts";
import { secureAuthConnection } from "../teleport/dial/direct.ts";
import { connect } from "./connect.ts";
import { type Health, serveHealth } from "./health.ts";
import { StartError } from "./start_error.ts";
import { createTransport } from "./transport.ts";

const HANDSHAKE_TIMEOUT_MS = 10_000;

export interface DaemonDeps {
  readonly log: Log;
  readonly clock: Clock;
  readonly random: () => number;
  /** No more work is taken; mails on their way are finished. */
  readonly stop: AbortSignal;
  /** What is still on its way is cut off. */
  readonly kill: AbortSignal;
}

/**
 * Runs until `deps.stop` is aborted.
 *
 * @throws {StartError | ClusterError} for what a restart does not heal: configuration, credentials,
 *   permissions. Everything else is retried for as long as it takes.
 */
export async function runDaemon(config: Config, deps: DaemonDeps): Promise<void> {
  const { log, clock } = deps;
  const templates = await readTemplates(config, log);
  const { addr, credentials } = config.teleport;
  if (credentials.kind === "none") throw new StartError([credentials.error]);
  const { via } = config.teleport;
  if (via === "ssh" || via === "upgrade") {
    log.warn("This version has no such way into the cluster, connecting directly", { via });
  }
  const load = () => loadCredentials(credentials, clock.now());
  const { subject, cluster, notAfterMs } = await load();
  log.debug("Credentials are valid", {
    user: subject,
    cluster,
    until: new Date(notAfterMs).toISOString(),
  });
  using client = new TeleportClient(addr, {
    dial: (socket, loaded) => secureAuthConnection(socket, loaded, HANDSHAKE_TIMEOUT_MS),
    loadCredentials: load,
  }, log);
  const health: Health = { watching: false, mail: () => undefined };
  await using _http = serveHealth(config, health);
  const domain = domainOf(config.delivery.sender.address);
  await using transport = await createTransport(config.mail, domain);
  const server = await connect(client, deps);
  if (server === undefined) return;
  logTransport(config, log);
  await serve({ config, client, transport, templates, domain, server, health }, deps);
}

async function readTemplates(config: Config, log: Log): Promise<Templates> {
  const result = await loadTemplates(config.templates.directory);
  for (const warning of result.warnings) log.warn(warning);
  if (!result.ok) throw new StartError(result.errors);
  return result.templates;
}

function logTransport({ mail }: Config, log: Log): void {
  if (mail.kind === "mailgun") {
    log.info("Using Mailgun as email transport", { domain: mail.domain, base_url: mail.baseUrl });
    return;
  }
  const { host, port, auth } = mail;
  const username = auth === undefined ? {} : { username: auth.username };
  log.info("Using SMTP as email transport", { host, port, ...username });
}

interface Parts {
  readonly config: Config;
  readonly client: TeleportClient;
  readonly transport: MailTransport;
  readonly templates: Templates;
  readonly domain: string;
  readonly server: ServerInfo;
  readonly health: Health;
}

async function serve(parts: Parts, deps: DaemonDeps): Promise<void> {
  const { config: { delivery, roleToRecipients }, client, transport, health } = parts;
  const { clock, log, random, kill } = deps;
  // Ends with the program, and also when the watch is refused for good.
  const ended = new AbortController();
  const stop = AbortSignal.any([deps.stop, ended.signal]);
  const slots = new Slots(transport.maxConnections, transport.maxMessagesPerSecond, clock);
  const gate = new TransportGate(transport, {
    clock,
    random,
    log,
    onOpen: () => reconciler.wakeResting(),
    signal: stop,
  });
  const { sender: from, replyTo, html, catchUpMs, retryForMs, notifyRequester } = delivery;
  const mailer = new ComposingMailer({
    transport,
    templates: parts.templates,
    from,
    domain: parts.domain,
    ...(replyTo === undefined ? {} : { replyTo }),
    html,
    clusterName: parts.server.clusterName,
    link: linker(parts.server),
    clock,
    log,
  });
  const reconciler: Reconciler = new Reconciler({
    cluster: client,
    mailer,
    slots,
    gate,
    instance: crypto.randomUUID(),
    policy: {
      roleToRecipients,
      isAddress: isEmailAddress,
      catchUpMs,
      retryForMs,
      notifyRequester,
    },
    clock,
    random,
    log,
    stopping: stop,
    kill,
  });
  health.mail = () => gate.reason;
  const check = gate.check();
  let ready = false;
  try {
    await follow({
      cluster: client,
      target: reconciler,
      clock,
      random,
      log,
      onLive: (live) => {
        if (live && !ready) log.info("Plugin is ready");
        ready ||= live;
        health.watching = live;
      },
    }, stop);
  } finally {
    ended.abort();
    await reconciler.stop();
    slots.close();
    await check;
  }
}

/** Only clusters with advanced workflows have a page per request (wire.md §6). */
function linker(server: ServerInfo): (id: string) => string | undefined {
  if (!server.advancedAccessWorkflows) return () => undefined;
  const probe = requestLink(server.proxyPublicAddr, "id");
  if (!probe.ok) throw new StartError([probe.error]);
  return (id) => {
    const result = requestLink(server.proxyPublicAddr, id);
    return result.ok ? result.link : undefined;
  };
}
