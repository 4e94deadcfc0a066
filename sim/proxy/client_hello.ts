/** Reads SNI and ALPN from the first bytes of a TLS connection (RFC 8446 §4.1.2, RFC 6066, RFC 7301). */

/** The unencrypted part of a client's handshake. */
export interface ClientHello {
  readonly serverName?: string;
  /** In the client's order. */
  readonly alpn: readonly string[];
}

/** `more`: the message is incomplete. `bad`: it is not a ClientHello. */
export type ParsedHello =
  | { readonly kind: "hello"; readonly hello: ClientHello }
  | { readonly kind: "more" }
  | { readonly kind: "bad" };

const RECORD_HANDSHAKE = 22;
const MESSAGE_CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const NAME_TYPE_HOST = 0;
/** RFC 8446 §5.1: a record holds 2^14 bytes; a ClientHello that needs more than a few is an attack. */
const MAX_HELLO_BYTES = 65_536;

/** Parses the bytes received so far. */
export function parseClientHello(bytes: Uint8Array): ParsedHello {
  const message = handshakeBytes(bytes);
  if (typeof message === "string") return { kind: message };
  try {
    return { kind: "hello", hello: readHello(new Cursor(message)) };
  } catch (error) {
    if (error instanceof RangeError) return { kind: "bad" };
    throw error;
  }
}

/** The ClientHello without record headers; it may be spread over several records. */
function handshakeBytes(bytes: Uint8Array): Uint8Array | "more" | "bad" {
  const parts: number[] = [];
  let offset = 0;
  while (true) {
    if (bytes.length > offset && bytes[offset] !== RECORD_HANDSHAKE) return "bad";
    if (bytes.length < offset + 5) return "more";
    const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(offset + 3);
    parts.push(...bytes.subarray(offset + 5, offset + 5 + length));
    if (parts.length > 0 && parts[0] !== MESSAGE_CLIENT_HELLO) return "bad";
    const size = ((parts[1] ?? 0) << 16) + ((parts[2] ?? 0) << 8) + (parts[3] ?? 0);
    if (parts.length >= 4 && size > MAX_HELLO_BYTES) return "bad";
    if (parts.length >= 4 + size && parts.length >= 4) {
      return new Uint8Array(parts).subarray(4, 4 + size);
    }
    if (bytes.length < offset + 5 + length) return "more";
    offset += 5 + length;
  }
}

function readHello(hello: Cursor): ClientHello {
  hello.take(2 + 32); // version, random
  hello.vector(1); // session id
  hello.vector(2); // cipher suites
  hello.vector(1); // compression methods
  let serverName: string | undefined;
  const alpn: string[] = [];
  // A TLS 1.2 message without extensions ends here.
  const extensions = hello.atEnd ? hello : hello.vector(2);
  while (!extensions.atEnd) {
    const type = extensions.uint(2);
    const body = extensions.vector(2);
    if (type === EXTENSION_SERVER_NAME && !body.atEnd) {
      const names = body.vector(2);
      while (!names.atEnd) {
        const isHost = names.uint(1) === NAME_TYPE_HOST;
        const name = names.vector(2).text();
        if (isHost) serverName ??= name;
      }
    } else if (type === EXTENSION_ALPN) {
      const protocols = body.vector(2);
      while (!protocols.atEnd) alpn.push(protocols.vector(1).text());
    }
  }
  return { alpn, ...serverName !== undefined && { serverName } };
}

/** Reads TLS vectors; throws a RangeError at the end of the bytes. */
class Cursor {
  #offset = 0;

  constructor(readonly bytes: Uint8Array) {}

  get atEnd(): boolean {
    return this.#offset >= this.bytes.length;
  }

  take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.bytes.length) throw new RangeError("ClientHello ends early");
    const taken = this.bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  uint(size: number): number {
    return this.take(size).reduce((value, byte) => value * 256 + byte, 0);
  }

  vector(lengthBytes: number): Cursor {
    return new Cursor(this.take(this.uint(lengthBytes)));
  }

  text(): string {
    return new TextDecoder().decode(this.bytes);
  }
}
