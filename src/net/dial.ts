/**
 * TCP connections to a host by name. nodemailer's own resolver queries name servers only: it ignores
 * /etc/hosts and the search domains of Kubernetes (decisions/runtime.md, "What nodemailer
 * leaves to its caller").
 */

import { lookup as systemLookup } from "node:dns/promises";
import net from "node:net";
import { orAborted } from "../abort.ts";
import { startDeadline } from "./deadline.ts";
import { DialError } from "./dial_error.ts";
import { networkFault } from "./network_fault.ts";
import { reasonOf } from "../text.ts";

/** Resolves a host to all its addresses, in order of preference. */
export type Lookup = (host: string) => Promise<readonly string[]>;

export interface DialOptions {
  readonly lookup: Lookup;
  /** Limits lookup and connection together. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Time limit for an address other than the last one, before the next one is tried. */
const MAX_ATTEMPT_MS = 3000;

/** Resolves as every other program on the machine does (getaddrinfo). */
export const lookupAll: Lookup = async (host) =>
  (await systemLookup(host, { all: true })).map(({ address }) => address);

/**
 * Connects to the first address of the host that answers, within `timeoutMs`. The socket keeps an error
 * listener, so that no error is uncaught.
 *
 * @throws {DialError}
 */
export async function dial(
  target: { readonly host: string; readonly port: number },
  options: DialOptions,
): Promise<net.Socket> {
  const { host, port } = target;
  const end = Date.now() + options.timeoutMs;
  using deadline = startDeadline(options.timeoutMs, options.signal);
  let addresses: readonly string[];
  try {
    addresses = net.isIP(host) === 0
      ? await orAborted(options.lookup(host), deadline.signal)
      : [host];
  } catch (error) {
    if (deadline.signal.aborted) throw stopped(deadline.expired, "the name lookup");
    throw new DialError("dns", `cannot resolve '${host}': ${lookupFault(error)}`);
  }
  if (addresses.length === 0) throw new DialError("dns", `'${host}' has no address`);
  const causes: string[] = [];
  for (const [index, address] of addresses.entries()) {
    const left = addresses.length - index;
    const share = left === 1
      ? end - Date.now()
      : Math.min((end - Date.now()) / left, MAX_ATTEMPT_MS);
    using attempt = startDeadline(Math.max(share, 1), deadline.signal);
    try {
      return await connect(address, port, attempt.signal);
    } catch (error) {
      if (deadline.signal.aborted) throw stopped(deadline.expired, "connecting");
      const cause = attempt.expired ? `no answer from ${address}` : networkFault(error);
      causes.push(addresses.length > 1 && !attempt.expired ? `${address}: ${cause}` : cause);
    }
  }
  const onlyTimeouts = causes.every((cause) => cause.startsWith("no answer"));
  throw new DialError(onlyTimeouts ? "timeout" : "refused", causes.join("; "));
}

/** Distinguishes a resolver that finds no such host from one that does not answer. */
function lookupFault(error: unknown): string {
  const text = reasonOf(error);
  return /ENOTFOUND|ENODATA|failed to lookup/i.test(text)
    ? "no such host"
    : /EAI_AGAIN/.test(text)
    ? "the name server does not answer"
    : text;
}

function stopped(expired: boolean, during: string): DialError {
  return expired
    ? new DialError("timeout", `no answer during ${during}`)
    : new DialError("cancelled", `cancelled during ${during}`);
}

function connect(address: string, port: number, signal: AbortSignal): Promise<net.Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<net.Socket>();
  const socket = net.connect({ host: address, port });
  // For the socket's whole life: its owners listen only while they wait, and an error in between would
  // end the process.
  socket.on("error", () => {});
  const onAbort = () => socket.destroy(new Error("no answer"));
  const onError = (error: Error) => reject(error);
  signal.addEventListener("abort", onAbort, { once: true });
  socket.once("error", onError);
  socket.once("connect", () => {
    socket.removeListener("error", onError);
    resolve(socket);
  });
  return promise.finally(() => signal.removeEventListener("abort", onAbort));
}
