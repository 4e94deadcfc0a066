/** A cluster and a mail server with faults, simulated or in Go: what the scenarios need of them. */

import type { ReceivedMail } from "../../sim/mail/mailbox.ts";
import type { RequestState } from "../../src/teleport/generated/types_pb.ts";

export interface WorldOptions {
  /** Everybody who is mailed about every request. */
  readonly recipients: readonly string[];
  /** How long each reply of the mail server and each call to the cluster takes; default no time. */
  readonly roundTripMs?: number;
  /** The program dials the proxy, whose web CA is in a file, over a network that can reset. */
  readonly isBehindProxy?: boolean;
}

export interface World extends AsyncDisposable {
  /** The configuration file that fits. */
  readonly config: string;
  /** Makes pending requests and returns their ids. */
  create(count: number): Promise<readonly string[]>;
  decide(id: string, state: RequestState.APPROVED | RequestState.DENIED): Promise<void>;
  /** Ends every event stream in good order, as a server does whose cache starts again. */
  dropStreams(): Promise<void>;
  /** Refuses the next MAIL commands for now (451). */
  refuseMails(count: number): Promise<void>;
  /** Listings of requests lack all of them, without an error, as for a role without `list`. */
  narrow(isNarrow: boolean): Promise<void>;
  /** Refuses to write plugin data permanently, for requests that are created meanwhile. */
  refuseWrites(isRefusing: boolean): Promise<void>;
  /** Resets connections, and new ones as soon as they are accepted; only with `isBehindProxy`. */
  reset(isResetting: boolean): void;
  /**
   * Starts another auth server, whose cache stands still from now on; the configuration that fits. Absent
   * where there can be only one.
   */
  startLagging?(): Promise<string>;
  /** How many mails were accepted so far. */
  countMails(): Promise<number>;
  /** Everything that was accepted so far, in order. */
  mails(): Promise<readonly ReceivedMail[]>;
  /** Our entry in the plugin data of every request, by id. */
  records(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>>;
}

/** Makes fresh worlds, one for each scenario. */
export interface Worlds extends AsyncDisposable {
  /** What they are made of, for the reader of the table. */
  readonly name: string;
  open(options: WorldOptions): Promise<World>;
}
