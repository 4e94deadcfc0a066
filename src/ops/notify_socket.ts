/** The notification socket of systemd (sd_notify(3)). */

import { escapeControls, reasonOf } from "../text.ts";

export interface NotifySocket extends AsyncDisposable {
  /** Whether datagrams are pending, because systemd is busy or gone. */
  readonly isBusy: boolean;
  /** Queues assignments such as `READY=1` as one datagram. */
  send(assignments: readonly string[]): void;
}

/** Paths that `deno.json` permits to write to: systemd's socket, and podman's in containers. */
export const NOTIFY_PATHS = ["/run/systemd/notify", "/run/notify/notify.sock"] as const;

/** How long `close()` waits for pending datagrams. */
const CLOSE_MS = 1000;

/**
 * Opens the socket that `NOTIFY_SOCKET` names; undefined if it is not set. `onFailure` is called for the
 * first failure, and for the first one after a success.
 *
 * Requires `--unstable-net`, and `--allow-write` for the path; for an abstract socket, `--allow-write`
 * without a list, because a list cannot name it.
 */
export function openNotifySocket(
  name: string | undefined,
  onFailure: (message: string) => void,
): NotifySocket | undefined {
  if (name === undefined || name === "") return undefined;
  const fail = (error: unknown) => {
    const cause = reasonOf(error);
    onFailure(`Cannot tell systemd how this service is doing at '${name}': ${cause}`);
  };
  let connection: Deno.DatagramConn;
  try {
    connection = bind(name);
  } catch (error) {
    fail(error);
    return undefined;
  }
  const path = name.replace(/^@/, "\0");
  const encoder = new TextEncoder();
  let failing = false;
  let waiting = 0;
  let last = Promise.resolve();
  return {
    get isBusy() {
      return waiting > 0;
    },
    send: (assignments) => {
      const bytes = encoder.encode(assignments.map((line) => escapeControls(line)).join("\n"));
      waiting++;
      last = last.then(async () => {
        try {
          await connection.send(bytes, { transport: "unixpacket", path });
          failing = false;
        } catch (error) {
          if (!failing) fail(error);
          failing = true;
        }
        waiting--;
      });
    },
    [Symbol.asyncDispose]: async () => {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, CLOSE_MS);
      await Promise.race([last, late.promise]);
      clearTimeout(timer);
      connection.close();
    },
  };
}

/** Deno requires a name for our end; an abstract one needs no writable directory. */
function bind(name: string): Deno.DatagramConn {
  if (!/^[/@]./.test(name)) throw new Error("it is no Unix socket");
  // Undefined without the flag, contrary to the types.
  const listen: typeof Deno.listenDatagram | undefined = Deno.listenDatagram;
  if (listen === undefined) throw new Error("Deno was started without --unstable-net");
  return listen({ transport: "unixpacket", path: `\0teleport-email-${crypto.randomUUID()}` });
}
