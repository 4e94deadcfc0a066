/**
 * The HTTP server behind `http.listen`. Callers supply the pages. Clients are not trusted: a connection
 * serves one request and lives for seconds, the number of connections is limited, and each page is generated
 * at most a few times a second.
 */

import { isIP } from "node:net";
import type { Clock } from "../clock.ts";
import { type Address, formatAddress } from "../net/address.ts";
import { lookupAll } from "../net/dial.ts";
import { type HttpRequest, type HttpResponse, plain, serveConnection } from "./http_connection.ts";
import { reasonOf } from "../text.ts";

export interface Page {
  /** @default 200 */
  readonly status?: number;
  /** @default plain text */
  readonly contentType?: string;
  readonly body: string;
}

/** A page and how it is generated. */
export interface PageSource {
  readonly make: () => Page | Promise<Page>;
  /** Refuses clients on other machines. */
  readonly isLocal?: boolean;
  /** Asks for something to be done, by POST; nothing of it is served again. */
  readonly isAction?: boolean;
}

/** Pages by path. */
export type Pages = Readonly<Record<string, PageSource>>;

/** Disposal closes the server; responses that clients do not read within a second are cut off. */
export interface HttpServer extends AsyncDisposable {
  readonly port: number;
  /** Releases the address; requests in flight are answered. */
  suspend(): Promise<void>;
  /**
   * Listens again after `suspend()`; does nothing after disposal.
   *
   * @throws {ListenError} when the address has been taken meanwhile
   */
  resume(): Promise<void>;
}

/** The server cannot listen on an address. */
export class ListenError extends Error {
  override readonly name = "ListenError";

  constructor(address: Address, private readonly fault: unknown) {
    const message = `Cannot listen on http.listen '${formatAddress(address)}': ${explain(fault)}`;
    super(message, { cause: fault });
  }

  get isInUse(): boolean {
    return this.fault instanceof Deno.errors.AddrInUse;
  }
}

/** How long a generated page is cached. */
const PAGE_MS = 250;
/** Beyond this number the oldest is cut off, so that clients that hold connections cannot block probes. */
const MAX_CONNECTIONS = 64;
/** Time limit of a connection: sending the request and reading the response. */
const CONNECTION_MS = 10_000;
/** Delay after a failure to accept a connection. */
const ACCEPT_RETRY_MS = 100;
/** How long disposal waits for responses in flight. */
const CLOSE_MS = 1_000;

/**
 * Serves until disposed.
 *
 * @throws {ListenError} when it cannot listen on the address
 */
export async function serveHttp(
  address: Address,
  pages: Pages,
  clock: Clock,
): Promise<HttpServer> {
  const site = new Site(pages, clock);
  const connections = new Connections(clock);
  const open = async (port: number) => {
    const listener = await listen({ ...address, port });
    const accepting = accept(listener, clock, (it) => connections.serve(it, site));
    return { listener, accepting };
  };
  let opened: Awaited<ReturnType<typeof open>> | undefined = await open(address.port);
  const { port } = opened.listener.addr;
  let isDisposed = false;
  const suspend = async () => {
    const closing = opened;
    opened = undefined;
    closing?.listener.close();
    // The address is released only then.
    await closing?.accepting;
  };
  return {
    port,
    suspend,
    resume: async () => {
      if (!isDisposed) opened ??= await open(port);
    },
    [Symbol.asyncDispose]: async () => {
      isDisposed = true;
      await suspend();
      await connections.end();
      site.close();
    },
  };
}

async function listen(address: Address): Promise<Deno.TcpListener> {
  const { host, port } = address;
  try {
    if (host === "") return listenAnywhere(port);
    // Deno.listen() itself would block while it resolves the name.
    const [hostname = host] = isIP(host) === 0 ? await lookupAll(host) : [host];
    return Deno.listen({ hostname, port });
  } catch (fault) {
    throw new ListenError(address, fault);
  }
}

/** All addresses of both families, or of IPv4 on a machine without IPv6. */
function listenAnywhere(port: number): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: "::", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return Deno.listen({ hostname: "0.0.0.0", port });
  }
}

/** Runs until the listener is closed. */
async function accept(
  listener: Deno.TcpListener,
  clock: Clock,
  serve: (connection: Deno.TcpConn) => void,
): Promise<void> {
  for (;;) {
    try {
      serve(await listener.accept());
    } catch (error) {
      const { BadResource, Interrupted } = Deno.errors;
      if (error instanceof BadResource || error instanceof Interrupted) return;
      // For example too many open files, which is temporary.
      await new Promise<void>((resolve) => clock.after(ACCEPT_RETRY_MS, resolve));
    }
  }
}

/** The pages and their cached content. */
class Site {
  readonly #made = new Map<PageSource, { readonly page: Promise<Page>; cancel: () => void }>();

  constructor(private readonly pages: Pages, private readonly clock: Clock) {}

  /** Never rejects. */
  async answer({ method, path, isLocal }: HttpRequest): Promise<HttpResponse> {
    const source = Object.hasOwn(this.pages, path) ? this.pages[path] : undefined;
    const allowed = source?.isAction ? ["POST"] : ["GET", "HEAD"];
    if (!allowed.includes(method)) {
      const refusal = plain(405);
      return { ...refusal, headers: { ...refusal.headers, allow: allowed.join(", ") } };
    }
    if (source === undefined) return plain(404);
    if (source.isLocal && !isLocal) {
      return plain(403, `${path} is served to clients on the daemon's own machine only`);
    }
    try {
      const { status = 200, contentType, body } = source.isAction
        ? await source.make()
        : await this.#page(source);
      const type = contentType ?? "text/plain; charset=utf-8";
      return { status, headers: { "content-type": type }, body };
    } catch (error) {
      return plain(500, reasonOf(error));
    }
  }

  #page(source: PageSource): Promise<Page> {
    const made = this.#made.get(source);
    if (made !== undefined) return made.page;
    const page = (async () => await source.make())();
    const cancel = this.clock.after(PAGE_MS, () => this.#made.delete(source));
    this.#made.set(source, { page, cancel });
    return page;
  }

  close(): void {
    for (const { cancel } of this.#made.values()) cancel();
    this.#made.clear();
  }
}

/** The open connections, oldest first. */
class Connections {
  readonly #open = new Map<Deno.TcpConn, { isServed: boolean; cancel: () => void }>();
  #onEmpty = () => {};

  constructor(private readonly clock: Clock) {}

  serve(connection: Deno.TcpConn, site: Site): void {
    const cancel = this.clock.after(CONNECTION_MS, () => this.#close(connection));
    const state = { isServed: false, cancel };
    this.#open.set(connection, state);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_CONNECTIONS && oldest !== undefined) this.#close(oldest);
    serveConnection(connection, (request) => {
      state.isServed = true;
      return site.answer(request);
    }).catch(() => {
      // The client disconnected or was cut off.
    }).finally(() => this.#close(connection));
  }

  #close(connection: Deno.TcpConn): void {
    const state = this.#open.get(connection);
    if (state === undefined) return;
    this.#open.delete(connection);
    state.cancel();
    connection.close();
    if (this.#open.size === 0) this.#onEmpty();
  }

  /** Waits for responses in flight, and cuts them off after {@linkcode CLOSE_MS}. */
  async end(): Promise<void> {
    for (const [connection, { isServed }] of this.#open) if (!isServed) this.#close(connection);
    if (this.#open.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onEmpty = resolve;
    const cancel = this.clock.after(CLOSE_MS, () => {
      for (const connection of this.#open.keys()) this.#close(connection);
    });
    await promise;
    cancel();
  }
}

function explain(fault: unknown): string {
  if (fault instanceof Deno.errors.AddrInUse) {
    return "the address is already in use by another process";
  }
  if (fault instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address: 127.0.0.1 = local only, 0.0.0.0 = all interfaces";
  }
  if (fault instanceof Deno.errors.PermissionDenied) {
    return "ports below 1024 need root or CAP_NET_BIND_SERVICE: choose a higher one";
  }
  const message = reasonOf(fault);
  return /ENOTFOUND|EAI_AGAIN/.test(message) ? "the host name cannot be resolved" : message;
}
