/** The content of a message on its way through nodemailer to the server. */

import { Readable } from "node:stream";
import DataStream from "nodemailer/lib/smtp-connection/data-stream";

/** The caller does not want the email to be sent any more, and not a byte of its content was. */
export class WithheldError extends Error {}

/**
 * Text as it follows the DATA command: CRLF at all line ends, and a dot doubled at the start of a line
 * (RFC 5321 §4.5.2). A bare CR is a line end, as nodemailer has it: a server might take it for one.
 */
export function dataText(text: string): string {
  const lines = text.includes("\r")
    ? text.replace(/\r\n?|\n/g, "\r\n")
    : text.replaceAll("\n", "\r\n");
  return (lines.startsWith(".") ? "." : "") + lines.replaceAll("\n.", "\n..");
}

/** The end of the data behind a line end (RFC 5321 §4.1.1.4). */
export const END_OF_DATA = ".\r\n";

/**
 * A message for nodemailer, which pipes it into its DataStream when the server has replied 354. That
 * stream looks at each byte to write CRLF and double dots, and writes the end of the data on its own,
 * which took a third of the processor time of sending an email. As a finished message needs none of
 * that, all of it goes to the socket behind the stream in one write.
 */
export class Content extends Readable {
  /** Whether it has begun to leave: nodemailer sends an email again over another connection until then. */
  override readableDidRead = false;

  /**
   * `data` is what follows the DATA command, its end included. `mayStart` is called immediately before it
   * is sent; if it returns false, the data is withheld, which ends the connection.
   */
  constructor(private readonly data: Uint8Array, private readonly mayStart: () => boolean) {
    super();
  }

  override pipe<T extends NodeJS.WritableStream>(destination: T): T {
    if (!this.mayStart()) {
      this.destroy(new WithheldError("withheld"));
    } else if (!(destination instanceof DataStream)) {
      this.destroy(new TypeError("nodemailer does not send content through its DataStream"));
    } else {
      this.readableDidRead = true;
      destination.outByteCount = this.data.length;
      destination.push(this.data);
      destination.push(null);
    }
    return destination;
  }
}
