/** A real SMTP server for tests. */

import type { AddressInfo } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came over the wire, dot-unstuffed. */
  readonly raw: string;
  readonly email: Email;
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly helloName: string;
}

export interface TestSmtpServer extends AsyncDisposable {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** All connections so far. */
  readonly connections: number;
  /** The most that were open at once. */
  readonly mostConnections: number;
}

/** An error that smtp-server answers with this code. */
export function smtpError(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

/** Starts a server on a free port of 127.0.0.1; without options it takes everything. */
export async function startSmtpServer(options: SMTPServerOptions = {}): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = [];
  let connections = 0;
  let open = 0;
  let mostConnections = 0;
  const server = new SMTPServer({
    authOptional: true,
    logger: false,
    disableReverseLookup: true,
    closeTimeout: 1000,
    onConnect(_session, done) {
      connections++;
      open++;
      mostConnections = Math.max(mostConnections, open);
      done();
    },
    onClose() {
      open--;
    },
    onData(stream, session, done) {
      const chunks: Uint8Array[] = [];
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      stream.on("end", async () => {
        const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom ? mailFrom.address : "",
          to: rcptTo.map(({ address }) => address),
          raw: new TextDecoder().decode(bytes),
          email: await PostalMime.parse(bytes),
          secure: session.secure,
          user: typeof session.user === "string" ? session.user : undefined,
          helloName: session.hostNameAppearsAs,
        });
        done(null);
      });
    },
    ...options,
  });
  // A TLS alert of the client would end the process otherwise (decisions/runtime.md, "What
  // nodemailer leaves to its caller").
  server.on("error", () => {});
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  return {
    port: (server.server.address() as AddressInfo).port,
    mails,
    get connections() {
      return connections;
    },
    get mostConnections() {
      return mostConnections;
    },
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
}
