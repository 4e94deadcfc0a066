/** Reads the ClientHello of a connection without consuming it. */

import { Buffer } from "node:buffer";
import type { Duplex } from "node:stream";
import { parseClientHello, type ParsedHello } from "./client_hello.ts";

/** Calls back once with the parsed beginning of the connection; drops a stream that ends before. */
export function peekHello(
  stream: Duplex,
  decide: (parsed: Exclude<ParsedHello, { kind: "more" }>) => void,
): void {
  let seen: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const parsed = parseClientHello(seen);
    if (parsed.kind === "more") return;
    stream.off("data", onData);
    stream.off("end", onEnd);
    stream.pause();
    stream.unshift(seen);
    decide(parsed);
  };
  const onEnd = () => void stream.destroy();
  stream.on("data", onData);
  stream.on("end", onEnd);
}
