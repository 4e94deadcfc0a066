/** What `check` says of mail servers with weak certificates and outdated TLS, played by OpenSSL. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { check } from "../../src/cli/check.ts";
import { onStage, runCommand, type Stage } from "../support.ts";
import { freePort, untilAccepting } from "./mta/server.ts";
import { must, run } from "./support/command.ts";

const openssl = await run(["sh", "-c", "command -v openssl"]);
if (!openssl.ok) {
  // deno-lint-ignore no-console -- tells why tests are skipped
  console.warn("tests of weak TLS are skipped: 'openssl' is missing");
}

interface Case {
  readonly name: string;
  /** Arguments of `openssl req` for the key. */
  readonly key: string;
  /** Arguments of `openssl s_server`. */
  readonly server: readonly string[];
  /** Lines of `[smtp]` beside the host; `CA` stands for the path of the certificate. */
  readonly smtp: readonly string[];
  readonly cause: RegExp;
  readonly remedy: RegExp;
}

const WEAK = ["-cipher", "DEFAULT@SECLEVEL=0"];
const TRUSTED = ['root_cas = "CA"'];

const CASES: readonly Case[] = [
  {
    name: "a self-signed certificate with RSA-1024, with insecure_skip_verify",
    key: "rsa:1024",
    server: WEAK,
    smtp: ["insecure_skip_verify = true"],
    cause: /cannot be used even without verification: its key is too short \(RSA below 2048 bits\)/,
    remedy: /^give the server a certificate with an RSA key of 2048 bits or more/,
  },
  {
    name: "a certificate with RSA-1024 whose CA is known",
    key: "rsa:1024",
    server: WEAK,
    smtp: TRUSTED,
    cause: /has expired, its CA is not known .*, or its RSA key is shorter than 2048 bits/,
    remedy: /if it has expired or its RSA key is shorter than 2048 bits, have it renewed$/,
  },
  {
    name: "CBC ciphers only",
    key: "rsa:2048",
    server: ["-tls1_2", "-cipher", "ECDHE-RSA-AES256-SHA384:AES256-SHA:@SECLEVEL=0"],
    smtp: TRUSTED,
    cause: /refuses the TLS handshake: it offers outdated ciphers only/,
    remedy: /^let the server offer TLS 1\.3, or TLS 1\.2 with AES-GCM or ChaCha20/,
  },
  {
    name: "TLS 1.1 only",
    key: "rsa:2048",
    server: ["-tls1_1", ...WEAK],
    smtp: TRUSTED,
    cause: /refuses the TLS handshake: it supports only TLS 1\.1 or older/,
    remedy: /^let the server offer TLS 1\.2 or 1\.3$/,
  },
];

/** What `check` finds about the connection to the mail server. */
async function problemOf(
  { playground: { paths: { config } }, configure }: Stage,
  { key, server, smtp }: Case,
): Promise<Record<string, string>> {
  const [cert, keyFile] = [join(config, "..", "weak.crt"), join(config, "..", "weak.key")];
  await must([
    ...[
      "openssl",
      "req",
      "-x509",
      "-newkey",
      key,
      "-nodes",
      "-days",
      "2",
      "-subj",
      "/CN=localhost",
    ],
    ...["-addext", "subjectAltName=DNS:localhost", "-keyout", keyFile, "-out", cert],
  ]);
  const port = freePort();
  const child = new Deno.Command("openssl", {
    args: [
      ...["s_server", "-accept", `127.0.0.1:${port}`, "-cert", cert, "-key", keyFile, "-quiet"],
      ...server,
    ],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await untilAccepting({ port, log: () => Promise.resolve("openssl s_server") });
    const lines = ['host = "localhost"', `port = ${port}`, "implicit_tls = true", ...smtp];
    await configure((text) =>
      text.replace(/\[smtp\][^[]*/, `[smtp]\n${lines.join("\n").replace("CA", cert)}\n\n`)
    );
    const { stdout } = await runCommand((io) => check({ config, offline: false, json: true }, io));
    const findings: Record<string, string>[] = JSON.parse(stdout).findings;
    const found = findings.find(({ check, level }) =>
      check?.startsWith("mail.") && level === "problem"
    );
    assert.ok(found, stdout);
    return found;
  } finally {
    child.kill("SIGKILL");
    await child.stdin.close().catch(() => {});
    await child.status;
  }
}

for (const one of CASES) {
  Deno.test({
    name: `check names the cause and the cure of a mail server with ${one.name}`,
    ignore: !openssl.ok,
    fn: async () => {
      await onStage({}, async (stage) => {
        const { text = "", remedy = "" } = await problemOf(stage, one);
        assert.match(text, one.cause);
        assert.match(remedy, one.remedy);
      });
    },
  });
}
