/** Whether the credentials can be used, whose they are, and for how long. */

import { X509Certificate } from "node:crypto";
import type { TeleportConfig } from "../../config/config.ts";
import { type Credentials, loadCredentials } from "../../teleport/credentials.ts";
import { readSshUser } from "../../teleport/dial/ssh/user.ts";
import { ClusterError } from "../../teleport/errors.ts";
import { isoTime } from "../../text.ts";
import { pluralize } from "../text.ts";
import { FILE_REMEDY } from "./files.ts";
import type { Finding } from "./finding.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The credentials, with what is to be said of them. */
export interface CredentialsCheck {
  readonly findings: readonly Finding[];
  /** Undefined when they cannot be used. */
  readonly credentials: Credentials | undefined;
}

/** Reads and validates the credentials. */
export async function checkCredentials(
  config: TeleportConfig,
  nowMs: number,
): Promise<CredentialsCheck> {
  const { credentials: source } = config;
  if (source.kind === "none") {
    const remedy = "set 'identity' in [teleport] to an identity file, or all of 'client_key', " +
      "'client_crt' and 'root_cas'";
    return failed(source.error, remedy);
  }
  try {
    const credentials = await loadCredentials(source, nowMs);
    const findings = [describe(credentials, config, nowMs), sshPart(credentials, config, nowMs)];
    return { findings, credentials };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return failed(error.message, remedyFor(error.message));
  }
}

function failed(text: string, remedy: string): CredentialsCheck {
  const finding: Finding = { check: "credentials", level: "problem", text, remedy };
  return { findings: [finding], credentials: undefined };
}

const SIGN_AGAIN = "sign new ones ('tctl auth sign --format=file --user=NAME --ttl=8760h " +
  "--out=FILE'), or let tbot renew the identity file and set refresh_identity";

function remedyFor(message: string): string {
  if (/^expired credential/.test(message)) return SIGN_AGAIN;
  if (/ is a directory$/.test(message)) {
    return "name the file in [teleport]; tbot writes the file 'identity' into the directory";
  }
  if (/^cannot read/.test(message)) {
    return FILE_REMEDY;
  }
  return "get the file again from 'tctl auth sign --format=file' or tbot, whole and unchanged";
}

function describe(credentials: Credentials, config: TeleportConfig, nowMs: number): Finding {
  const { subject, cluster, certPem, notBeforeMs, notAfterMs } = credentials;
  const roles = new X509Certificate(certPem).subject.split("\n")
    .flatMap((line) => line.startsWith("O=") ? [line.slice(2)] : []);
  const leftMs = notAfterMs - nowMs;
  const renewed = config.refreshIdentity;
  const base = {
    check: "credentials",
    text:
      `user '${subject}', roles ${roles.join(", ") || "none"}, cluster '${cluster}', valid from ` +
      `${isoTime(notBeforeMs)} until ${isoTime(notAfterMs)}, ${duration(leftMs)} left, ` +
      (renewed ? "renewed by the file being rewritten" : "not renewed"),
    details: {
      user: subject,
      roles,
      cluster,
      not_before: isoTime(notBeforeMs),
      not_after: isoTime(notAfterMs),
      seconds_left: Math.floor(leftMs / 1000),
      renewed,
    },
  };
  if (notBeforeMs > nowMs) {
    const remedy = "set this machine's clock: the credentials are from its future";
    return { ...base, level: "warning", remedy };
  }
  // The daemon warns of the same.
  if (!renewed && leftMs < HOUR_MS) return { ...base, level: "warning", remedy: SIGN_AGAIN };
  return { ...base, level: "ok" };
}

/** Only the connection method `ssh` needs it. */
function sshPart(credentials: Credentials, { via }: TeleportConfig, nowMs: number): Finding {
  const check = "credentials.ssh";
  if (credentials.ssh === undefined) {
    const text = "none, so the connection method 'ssh' cannot be used";
    if (via !== "ssh") return { check, level: "skipped", text };
    const remedy = "use an identity file ('tctl auth sign --format=file'), or another 'via'";
    return { check, level: "problem", text, remedy };
  }
  try {
    const { name, authorities } = readSshUser(credentials, nowMs);
    const count = pluralize(authorities.length, "host CA");
    const text = `SSH certificate for '${name}' matches the private key; ${count}`;
    return { check, level: "ok", text };
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    const level = via === "ssh" ? "problem" : "warning";
    return { check, level, text: error.message, remedy: SIGN_AGAIN };
  }
}

/** `2 d 3 h`, `3 h 20 min`, `5 min` */
export function duration(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / MINUTE_MS));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}
