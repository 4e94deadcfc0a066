/** The network between the program and a proxy, for worlds where it can fail. */

import type { Cable } from "../../sim/proxy/cable.ts";

/** Has the program dial the proxy over `cable`, and verify its web certificate by a CA from a file. */
export async function behindProxy(config: string, cable: Cable, webCa: string): Promise<void> {
  const text = await Deno.readTextFile(config);
  const teleport = `addr = "localhost:${cable.port}"\nweb_root_cas = "${webCa}"`;
  await Deno.writeTextFile(config, text.replace(/addr = ".*"/, teleport));
}

/** Breaks open connections, and resets new ones. Throws without a cable. */
export function resetter(cable: Cable | undefined): (isResetting: boolean) => void {
  return (isResetting) => {
    if (cable === undefined) throw new Error("This world has no network that can reset");
    cable.resetsOnAccept = isResetting;
    if (isResetting) cable.resetConnections();
  };
}
