/** A simulated environment on 127.0.0.1: cluster, proxy, mail servers, control API, files. */

import { join, resolve } from "node:path";
import { type AuthServer, startAuthServer } from "../auth/server.ts";
import { Cluster } from "../cluster/cluster.ts";
import { type ControlServer, startControl } from "./control.ts";
import {
  type Identity,
  type IdentityOptions,
  type IdentityPaths,
  writeIdentity,
} from "../pki/identity.ts";
import { type MailServer, type MailServerOptions, startMailServer } from "../mail/mail_server.ts";
import {
  type MailgunOptions,
  type MailgunServer,
  startMailgunServer,
} from "../mail/mailgun_server.ts";
import { createPki, type Pki } from "../pki/pki.ts";
import { DEFAULT_RECIPIENTS, type MoreConfig, playgroundConfig } from "./playground_config.ts";
import { startProxy, type TeleportProxy } from "../proxy/proxy.ts";
import { HostAuthority } from "../cluster/rotation.ts";
import { type SshTunnelServer, startSshTunnel } from "../proxy/ssh/server.ts";

/** What a playground starts, and where its files go. */
export interface PlaygroundOptions {
  /** The directory for the files; it must exist. */
  readonly dir: string;
  readonly clusterName?: string;
  /** The identity written for the plugin. */
  readonly identity?: IdentityOptions;
  /** The cluster's address in the configuration; default the proxy. */
  readonly connectTo?: "auth" | "proxy";
  /** Default STARTTLS with the user `teleport`, password `secret`. */
  readonly mail?: MailServerOptions;
  readonly mailgun?: MailgunOptions;
  readonly roleToRecipients?: Readonly<Record<string, readonly string[]>>;
  /** More of the plugin's configuration. */
  readonly moreConfig?: MoreConfig;
  readonly now?: () => Date;
  /** How often expired requests are deleted, default every second; 0 = only by `cluster.sweep()`. */
  readonly sweepIntervalMs?: number;
  /** The port of the control API, default a free one. */
  readonly controlPort?: number;
}

/** The running servers, and the paths of the files. */
export interface Playground extends AsyncDisposable {
  readonly pki: Pki;
  readonly cluster: Cluster;
  readonly auth: AuthServer;
  readonly proxy: TeleportProxy;
  /** The proxy's SSH tunnel port. */
  readonly ssh: SshTunnelServer;
  /** The CAs of the auth server and the tunnel, and their rotation. */
  readonly hostAuthority: HostAuthority;
  readonly mail: MailServer;
  readonly mailgun: MailgunServer;
  readonly control: ControlServer;
  readonly paths: IdentityPaths & {
    readonly config: string;
    readonly mailCa: string;
    readonly webCa: string;
  };
  /** Signs an identity like the first one, or with other options, and overwrites the old one. */
  renew(options?: IdentityOptions): Promise<Identity>;
}

const DEFAULT_MAIL: MailServerOptions = { auth: { username: "teleport", password: "secret" } };

/** Starts all servers; disposal stops them and keeps the files. */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const dir = resolve(options.dir);
  await using stack = new AsyncDisposableStack();
  const cluster = new Cluster(options.clusterName, options.now);
  const pki = await createPki(cluster.name);
  const auth = stack.use(await startAuthServer(cluster, pki));
  const ssh = stack.use(await startSshTunnel(pki, auth.address));
  const proxy = stack.use(await startProxy(pki, auth.address, ssh));
  auth.proxyPublicAddr = `localhost:${proxy.port}`;
  const mailOptions = options.mail ?? DEFAULT_MAIL;
  const mail = stack.use(await startMailServer(mailOptions));
  const mailgun = stack.use(startMailgunServer(options.mailgun));
  const hostAuthority = new HostAuthority(pki, [auth, ssh]);
  const renew = async (changes: IdentityOptions = {}) => {
    const identity = await hostAuthority.issue({ ...options.identity, ...changes });
    await writeIdentity(dir, identity);
    return identity;
  };
  const control = stack.use(startControl({
    auth,
    mail,
    hostAuthority,
    renew: async (ttlMs) => void await renew(ttlMs === undefined ? {} : { ttlMs }),
  }, options.controlPort));
  const { sweepIntervalMs = 1000 } = options;
  if (sweepIntervalMs > 0) {
    const timer = setInterval(() => cluster.sweep(), sweepIntervalMs);
    stack.defer(() => clearInterval(timer));
  }

  const identityPaths = await writeIdentity(dir, await hostAuthority.issue(options.identity));
  const paths = {
    ...identityPaths,
    config: join(dir, "teleport-email.toml"),
    mailCa: join(dir, "mail-ca.pem"),
    webCa: join(dir, "web-ca.pem"),
  };
  await Deno.writeTextFile(paths.mailCa, mail.caPem);
  await Deno.writeTextFile(paths.webCa, pki.webCa.certPem);
  const config = playgroundConfig({
    addr: options.connectTo === "auth" ? auth.address : proxy.address,
    identityPath: paths.identity,
    smtp: {
      port: mail.port,
      rootCasPath: paths.mailCa,
      implicitTls: mailOptions.implicitTls ?? false,
      ...mailOptions.auth && !mailOptions.hideAuth && { auth: mailOptions.auth },
    },
    roleToRecipients: options.roleToRecipients ?? DEFAULT_RECIPIENTS,
    ...options.moreConfig && { more: options.moreConfig },
  });
  await Deno.writeTextFile(paths.config, config, { mode: 0o600 });

  // From here on the caller disposes; until here a failure stops the started servers.
  const owned = stack.move();
  return {
    pki,
    cluster,
    auth,
    proxy,
    ssh,
    hostAuthority,
    mail,
    mailgun,
    control,
    paths,
    renew,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
