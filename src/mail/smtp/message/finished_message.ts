/** What a connection is handed: a message and its envelope (RFC 5321 §2.3.1). */
export interface FinishedMessage {
  readonly from: string;
  readonly to: string;
  /** Headers and body as they follow the DATA command, with the end of the data (RFC 5321 §4.1.1.4). */
  readonly data: Uint8Array;
}
