/** Identifies an unexpected server for the error message. */

import { X509Certificate } from "node:crypto";
import net from "node:net";
import type { Duplex } from "node:stream";
import { orAborted } from "../../abort.ts";
import { startDeadline } from "../../net/deadline.ts";
import { nameAttribute } from "../credentials.ts";
import type { ClusterError } from "../errors.ts";
import { HandshakeError } from "./handshake_error.ts";
import { printable } from "./ssh/key.ts";
import { connectTcp } from "./tcp.ts";
import { tlsHandshake } from "./tls_handshake.ts";
import type { DialContext } from "./method.ts";

/** A server that speaks first, such as SSH or SMTP, greets within this time. */
const GREETING_MS = 500;
const DIAGNOSE_MS = 3_000;
const WORTH_WHILE = new Set(["not tls", "untrusted", "name", "no protocol", "no alpn", "closed"]);

/**
 * Describes the server that answered unexpectedly; undefined when the failure is self-explanatory or
 * the server cannot be identified. Never rejects.
 */
export async function diagnose(
  failures: readonly ClusterError[],
  context: DialContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const failure = failures.find((error) => error instanceof HandshakeError);
  if (failure === undefined || !WORTH_WHILE.has(failure.fault)) return undefined;
  using deadline = startDeadline(DIAGNOSE_MS, signal);
  try {
    return failure.fault === "not tls"
      ? await withoutTls(context, deadline.signal)
      : await certificate(context, deadline.signal);
  } catch {
    return undefined;
  }
}

async function withoutTls(context: DialContext, signal: AbortSignal): Promise<string | undefined> {
  const stream = await connectTcp(context.address, context, signal);
  try {
    const greeting = await firstLine(stream, signal, "");
    if (greeting.startsWith("SSH-")) return `an SSH server answers there: '${greeting}'`;
    if (greeting !== "") return `a server that greets with '${greeting}' answers there`;
    // Teleport's SSH port waits for the client's version line; a web server answers it with an error.
    const answer = await firstLine(stream, signal, "SSH-2.0-teleport-email\r\n");
    if (answer.startsWith("SSH-")) return `an SSH server answers there: '${answer}'`;
    if (answer.startsWith("HTTP/")) return "a web server without TLS answers there";
    return undefined;
  } finally {
    stream.destroy();
  }
}

/** The first line that arrives within {@linkcode GREETING_MS}, "" when none does. */
async function firstLine(stream: Duplex, signal: AbortSignal, say: string): Promise<string> {
  using patience = startDeadline(GREETING_MS, signal);
  const { promise, resolve } = Promise.withResolvers<string>();
  const onData = (chunk: Uint8Array) => resolve(new TextDecoder().decode(chunk));
  const onEnd = () => resolve("");
  stream.once("data", onData).once("error", onEnd).once("close", onEnd);
  try {
    if (say !== "") stream.write(say);
    const text = await orAborted(promise, patience.signal).catch(() => "");
    return printable(text.split(/\r?\n/)[0] ?? "");
  } finally {
    stream.off("data", onData);
  }
}

/** Subject and issuer of the server's certificate, which is only reported and never trusted. */
async function certificate(
  context: DialContext,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { host } = context.address;
  const stream = await connectTcp(context.address, context, signal);
  const socket = await tlsHandshake({
    socket: stream,
    rejectUnauthorized: false,
    // SNI carries host names only, no IP addresses (RFC 6066 §3).
    ...net.isIP(host) === 0 ? { servername: host } : {},
    ALPNProtocols: ["h2", "http/1.1"],
  }, { timeoutMs: DIAGNOSE_MS, signal });
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  const { subject, issuer } = new X509Certificate(raw);
  const name = printable(nameAttribute(subject, "CN"));
  const ca = printable(nameAttribute(issuer, "O") || nameAttribute(issuer, "CN"));
  if (name === "" && ca === "") return undefined;
  return `the server presents a certificate for '${name}', issued by '${ca}'`;
}
