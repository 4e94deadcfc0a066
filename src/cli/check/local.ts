/** This machine: a log that can be written, an address to listen on. */

import { formatAddress } from "../../net/address.ts";
import { dirname } from "node:path";
import { systemClock } from "../../clock.ts";
import type { Config } from "../../config/config.ts";
import { fileError, reasonOf } from "../../text.ts";
import { serveHttp } from "../../ops/http.ts";
import { LOG_PATHS, refusePipe } from "../../ops/log.ts";
import { askDaemon } from "../daemon_client.ts";
import type { Finding } from "./finding.ts";

/** Checks the log without creating it: for a missing file, the directory must exist. */
export function checkLog({ output }: Config["log"]): Finding {
  const check = "log";
  if (output.kind !== "file") return { check, level: "ok", text: `to ${output.kind}` };
  const { path } = output;
  if (Deno.permissions.querySync({ name: "write", path }).state !== "granted") {
    const text = `cannot write '${path}': this program may write to ${LOG_PATHS.join(" and ")}`;
    const remedy = "set log.output to such a path, or to 'stderr'";
    return { check, level: "problem", text, remedy };
  }
  try {
    refusePipe(path);
    Deno.openSync(path, { append: true }).close();
    return { check, level: "ok", text: `to '${path}'` };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound && isDirectory(dirname(path))) {
      return { check, level: "ok", text: `to '${path}', which does not exist yet` };
    }
    const text = `cannot write: ${fileError("open", path, error)}`;
    const remedy =
      "check log.output: the directory must exist, and the user who runs this program may " +
      "write to the file";
    return { check, level: "problem", text, remedy };
  }
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** A running daemon has the address already, and answers there. */
export async function checkHttp(http: Config["http"]): Promise<Finding> {
  const check = "http";
  const { listen } = http;
  if (listen === undefined) {
    return { check, level: "skipped", text: "http.listen is not set: no health, no metrics" };
  }
  const at = `'${formatAddress(listen)}'`;
  const daemon = await askDaemon(listen);
  if (daemon.kind === "status") {
    const { version, ready } = daemon.status;
    const how = ready ? "ready" : "not ready, see 'teleport-email status'";
    return { check, level: "ok", text: `the daemon ${version} runs at ${at}, ${how}` };
  }
  try {
    await using _ = await serveHttp(listen, {}, systemClock);
    return { check, level: "ok", text: `${at} is free, no daemon runs there` };
  } catch (error) {
    const text = reasonOf(error);
    return { check, level: "problem", text, remedy: "set http.listen to an address that is free" };
  }
}
