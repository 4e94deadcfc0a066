/** What a connection is handed: a message and its envelope (RFC 5321 §2.3.1). */
export interface FinishedMessage {
  readonly from: string;
  readonly to: string;
  /** Headers and body. Line ends may be bare LF: the connection writes CRLF. */
  readonly bytes: Uint8Array;
}
