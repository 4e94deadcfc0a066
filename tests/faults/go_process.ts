/** A Go program that prints its addresses as one line of JSON and runs until it is stopped. */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of gocluster, beside which smtpsink stands; neither is a part of this repository. */
export const GO_CLUSTER = Deno.env.get("TELEPORT_EMAIL_GOCLUSTER") ??
  fileURLToPath(new URL("../../../shared/gocluster", import.meta.url));

/** Whether the Go cluster can be built; says so when tests have to be skipped. */
export function hasGoCluster(): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const isThere = existsSync(join(GO_CLUSTER, "go.mod")) &&
    folders.some((folder) => existsSync(join(folder, "go")));
  if (!isThere) {
    // deno-lint-ignore no-console -- for the person who runs the tests
    console.warn(
      "tests against the Go cluster are skipped: TELEPORT_EMAIL_GOCLUSTER and 'go' needed",
    );
  }
  return isThere;
}

export interface GoProcess extends AsyncDisposable {
  readonly addresses: Readonly<Record<string, string>>;
  /** Calls its control API; `POST` unless it only reads. */
  control(path: string, method?: "GET" | "POST"): Promise<Response>;
}

/** Starts it and waits for its addresses. */
export async function startGo(program: string, args: readonly string[]): Promise<GoProcess> {
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  })
    .spawn();
  let text = "";
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Cannot start '${program}': it ended with '${text}'`);
    text += value;
  }
  const addresses: Record<string, string> = JSON.parse(text.slice(0, text.indexOf("\n")));
  return {
    addresses,
    control: async (path, method = "POST") => {
      const response = await fetch(`${addresses["control"]}${path}`, { method });
      if (response.ok) return response;
      throw new Error(`Cannot call '${path}' of '${program}': ${await response.text()}`);
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await reader.cancel();
      await child.status;
    },
  };
}

/** Compiles a folder to one executable; throws with the compiler's words. */
export async function buildGo(folder: string, program: string): Promise<void> {
  const command = new Deno.Command("go", { args: ["build", "-o", program, "."], cwd: folder });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}
