import assert from "node:assert/strict";
import { VARIABLES } from "../../src/environment.ts";
import { LOG_PATHS } from "../../src/ops/log.ts";
import { NOTIFY_PATHS } from "../../src/ops/notify_socket.ts";
import { FLAGS } from "./flags.ts";

function granted(kind: string): string[] {
  const flag = FLAGS.find((flag) => flag.startsWith(`--allow-${kind}=`));
  return flag?.slice(flag.indexOf("=") + 1).split(",") ?? [];
}

Deno.test("FLAGS grant the environment variables that the program reads, and no others", () => {
  assert.deepEqual(granted("env"), VARIABLES);
});

Deno.test("FLAGS grant writing to logs and to systemd alone", () => {
  assert.deepEqual(granted("write"), [...LOG_PATHS, ...NOTIFY_PATHS]);
});

Deno.test("FLAGS grant the machine's CAs, and its uptime, which systemd needs in a reload", () => {
  assert.deepEqual(granted("sys"), ["ca", "osUptime"]);
});

Deno.test("FLAGS grant nothing else but the network and reading", () => {
  const names = FLAGS.filter((flag) => flag.startsWith("--allow")).map((flag) =>
    flag.split("=")[0]
  );
  const expected = ["net", "read", "write", "env", "sys"].map((kind) => `--allow-${kind}`);
  assert.deepEqual(names, expected);
});
