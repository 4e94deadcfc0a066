/** The socket on which systemd listens to a service (sd_notify(3)). */

import { escapeControls, reasonOf } from "../text.ts";

export interface NotifySocket extends AsyncDisposable {
  /** Something is still on its way: systemd is busy, or gone. */
  readonly isBusy: boolean;
  /** Sends assignments such as `READY=1` in one datagram, behind those that are on their way. */
  send(assignments: readonly string[]): void;
}

/** What `deno.json` allows to write to: systemd's socket, and the one that podman puts into containers. */
export const NOTIFY_PATHS = ["/run/systemd/notify", "/run/notify/notify.sock"] as const;

/** How long the last words may take. */
const CLOSE_MS = 1000;

/**
 * Opens the socket that `NOTIFY_SOCKET` names; undefined without one. `onFailure` hears of the first
 * failure, and of the first one after something could be sent.
 *
 * It needs `--unstable-net`, and `--allow-write` for the path: with an abstract socket for everything,
 * as a list cannot name one.
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

/** Our end has to have a name in Deno; an abstract one needs no folder that can be written to. */
function bind(name: string): Deno.DatagramConn {
  if (!/^[/@]./.test(name)) throw new Error("it is no Unix socket");
  // Missing where the program runs without the flag, which the types do not know.
  const listen: typeof Deno.listenDatagram | undefined = Deno.listenDatagram;
  if (listen === undefined) throw new Error("Deno was started without --unstable-net");
  return listen({ transport: "unixpacket", path: `\0teleport-email-${crypto.randomUUID()}` });
}
