/**
 * One HTTP/1 connection: reads a request, answers it, and closes. It is our own code because the daemon
 * needs no more, and the servers at hand set no limits: `Deno.serve` limits neither connections nor their
 * time, and `node:http` parses all pipelined requests of a chunk before it answers the first one, which
 * blocks the event loop for seconds.
 */

import { PROGRAM } from "../version.ts";

/** A request. Headers and body are ignored. */
export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** Whether the client runs on this machine. */
  readonly isLocal: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const MAX_HEAD_BYTES = 8_192;
/** How many bytes a client may send after its request without losing the response. */
const MAX_IGNORED_BYTES = 65_536;

const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Answers one request with `answer`. Rejects when the connection breaks or closes before. */
export async function serveConnection(
  connection: Deno.TcpConn,
  answer: (request: HttpRequest) => Promise<HttpResponse>,
): Promise<void> {
  const head = await readHead(connection);
  if (head === "") return;
  const request = parseHead(head, connection);
  const response = typeof request === "number" ? plain(request) : await answer(request);
  const isHead = typeof request !== "number" && request.method === "HEAD";
  await writeAll(connection, encode(response, isHead));
  await connection.closeWrite();
  // Closing with unread bytes would reset the connection and discard the response.
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  for (let left = MAX_IGNORED_BYTES; left > 0;) {
    const length = await connection.read(buffer);
    if (length === null) return;
    left -= length;
  }
}

/** A plain-text response; `body` defaults to the reason phrase of the status. */
export function plain(status: number, body = REASONS[status]?.toLowerCase() ?? ""): HttpResponse {
  return { status, headers: { "content-type": "text/plain; charset=utf-8" }, body: `${body}\n` };
}

/** Reads up to the empty line; "" when the client disconnects first. Excess bytes are truncated. */
async function readHead(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  const decoder = new TextDecoder("latin1");
  let head = "";
  while (head.length < MAX_HEAD_BYTES) {
    const length = await connection.read(buffer.subarray(head.length));
    if (length === null) return "";
    // The empty line may begin in the previous chunk.
    const from = Math.max(0, head.length - 3);
    head += decoder.decode(buffer.subarray(head.length, head.length + length));
    const end = /\r?\n\r?\n/.exec(head.slice(from));
    if (end !== null) return head.slice(0, from + end.index + end[0].length);
  }
  return head;
}

/** Returns the request, or the status to refuse it with. */
function parseHead(head: string, connection: Deno.TcpConn): HttpRequest | number {
  if (!/\r?\n\r?\n$/.test(head)) return 431;
  const [, method, target] = /^([A-Z]+) (\S+) HTTP\/1\.[01]\r?\n/.exec(head) ?? [];
  if (method === undefined || target === undefined) return 400;
  const path = target.replace(/^https?:\/\/[^/]*/i, "").replace(/[?#].*$/, "") || "/";
  return { method, path, isLocal: isFromThisMachine(connection) };
}

/** A connection from this machine has the same address on both ends. */
export function isFromThisMachine(
  { remoteAddr, localAddr }: Pick<Deno.TcpConn, "remoteAddr" | "localAddr">,
): boolean {
  const remote = remoteAddr.hostname.replace(/^::ffff:/i, "");
  return remote === "::1" || /^127\./.test(remote) || remoteAddr.hostname === localAddr.hostname;
}

function encode({ status, headers, body }: HttpResponse, isHead: boolean): Uint8Array {
  const content = new TextEncoder().encode(body);
  const lines = Object.entries({
    ...headers,
    "content-length": content.length,
    "cache-control": "no-store",
    // `teleport-email health` recognizes the daemon by it; the version is not for everyone.
    server: PROGRAM,
    date: new Date().toUTCString(),
    connection: "close",
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${REASONS[status] ?? ""}\r\n${lines.join("")}\r\n`;
  const start = new TextEncoder().encode(head);
  if (isHead) return start;
  const bytes = new Uint8Array(start.length + content.length);
  bytes.set(start);
  bytes.set(content, start.length);
  return bytes;
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}
