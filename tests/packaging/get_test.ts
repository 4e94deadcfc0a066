/** packaging/get.sh against a web server on this machine. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { issueServer } from "../../sim/pki/identity.ts";
import { createPki } from "../../sim/pki/pki.ts";
import { type Finished, must, run } from "./support/command.ts";
import { fakeTarball } from "./support/fake_tarball.ts";

const SCRIPT = new URL("../../packaging/get.sh", import.meta.url);
const ARCH = Deno.build.arch === "aarch64" ? "arm64" : "amd64";
const NAME = `teleport-access-email-v1.2.3-linux-${ARCH}-bin.tar.gz`;

interface Stage {
  /** What the server has: path to content. */
  readonly served: Map<string, Uint8Array | string>;
  readonly sum: string;
  readonly dest: string;
  /** For files of the test. */
  readonly dir: string;
  /** Of the server, which speaks no TLS. */
  readonly baseUrl: string;
  /** Pipes the script into sh, with these arguments, perhaps after more of an environment. */
  get(...args: readonly (string | Readonly<Record<string, string>>)[]): Promise<Finished>;
}

async function onStage(test: (stage: Stage) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "teleport-email-get-" });
  const served = new Map<string, Uint8Array | string>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const content = served.get(new URL(request.url).pathname);
    return content === undefined
      ? new Response("not here", { status: 404 })
      : new Response(typeof content === "string" ? content : content.slice());
  });
  try {
    const dest = join(dir, "dest");
    await fakeTarball(dir, { form: "compiled" });
    await must(["tar", "-C", dir, "-czf", join(dir, NAME), "teleport-access-email"]);
    const tarball = await Deno.readFile(join(dir, NAME));
    const sum = createHash("sha256").update(tarball).digest("hex");
    served.set(`/releases/v1.2.3/${NAME}`, tarball);
    served.set("/releases/v1.2.3/SHA256SUMS", `${"0".repeat(64)}  other.tar.gz\n${sum}  ${NAME}\n`);
    const tmp = join(dir, "tmp");
    await Deno.mkdir(tmp);
    const baseUrl = `http://127.0.0.1:${server.addr.port}/releases/`;
    await test({
      served,
      sum,
      dest,
      dir,
      baseUrl,
      get: async (...given) => {
        const args = given.filter((arg) => typeof arg === "string");
        const more = given.filter((arg) => typeof arg !== "string");
        const env = { DESTDIR: dest, TELEPORT_EMAIL_BASE_URL: baseUrl, TMPDIR: tmp };
        Object.assign(env, ...more);
        const script = `cat "$0" | sh -s -- "$@"`;
        const result = await run(["sh", "-c", script, SCRIPT.pathname, ...args], { env });
        assert.deepEqual(await Array.fromAsync(Deno.readDir(tmp)), [], "nothing is left behind");
        return result;
      },
    });
  } finally {
    await server.shutdown();
    await Deno.remove(dir, { recursive: true });
  }
}

const isInstalled = (dest: string) =>
  Deno.stat(join(dest, "usr/local/bin/teleport-email")).then(() => true, () => false);

Deno.test("get.sh downloads, verifies and installs, and passes options to the installer", async () => {
  await onStage(async ({ dest, get }) => {
    const result = await get("--version", "v1.2.3", "--systemd");
    assert.equal(result.stderr, "");
    assert.match(result.stdout, /binaries have been copied to \/usr\/local\/bin\n/);
    assert.ok(await isInstalled(dest));
    await Deno.stat(join(dest, "usr/local/lib/systemd/system/teleport-email.service"));
  });
});

Deno.test("get.sh refuses a tarball with another checksum, and does not unpack it", async () => {
  await onStage(async ({ served, dest, get }) => {
    served.set("/releases/v1.2.3/SHA256SUMS", `${"a".repeat(64)}  ${NAME}\n`);
    const result = await get("--version", "1.2.3");
    assert.equal(result.code, 1);
    assert.match(
      result.stderr,
      /^ERROR: checksum mismatch for '.*': expected a{64}, got [0-9a-f]{64}; nothing installed/,
    );
    assert.ok(!await isInstalled(dest));
  });
});

Deno.test("get.sh prefers a checksum from the user to the server's", async () => {
  await onStage(async ({ served, sum, dest, get }) => {
    served.delete("/releases/v1.2.3/SHA256SUMS");
    assert.equal((await get("--version", "1.2.3", "--sha256", "b".repeat(64))).code, 1);
    assert.ok(!await isInstalled(dest));
    assert.match((await get("--version=1.2.3", "--sha256=abc")).stderr, /it has 3 characters/);
    // As many sites print it.
    assert.equal((await get("--version", "1.2.3", "--sha256", sum.toUpperCase())).code, 0);
    assert.ok(await isInstalled(dest));
  });
});

Deno.test("get.sh names what it cannot download", async () => {
  await onStage(async ({ served, dest, get }) => {
    const failures = [
      [["--version", "9.9.9"], /^.*ERROR: cannot download 'http:.*v9\.9\.9/s],
      [[], /^ERROR: --version is missing/],
      [["--version", "1.2.3", "--arch", "mips"], /^ERROR: there is no teleport-email for 'mips'/],
      [["--version", "../x"], /^ERROR: --version '\.\.\/x' is not a version/],
      [["--base-url", "", "--version", "1.2.3"], /^ERROR: --base-url is missing/],
      [["--version"], /^ERROR: --version needs a value/],
    ] as const;
    for (const [args, message] of failures) {
      const result = await get(...args);
      assert.equal(result.code, 1, args.join(" "));
      assert.match(result.stderr, message);
    }
    served.set("/releases/v1.2.3/SHA256SUMS", "");
    assert.match(
      (await get("--version", "1.2.3")).stderr,
      /SHA256SUMS' has no checksum of 'teleport/,
    );
    served.delete("/releases/v1.2.3/SHA256SUMS");
    assert.match((await get("--version", "1.2.3")).stderr, /cannot download '.*SHA256SUMS'/);
    assert.ok(!await isInstalled(dest));
  });
});

Deno.test("get.sh follows redirects, but none from https to http", async () => {
  const { webCa } = await createPki("example.com");
  const { certPem: cert, keyPem: key } = await issueServer(webCa);
  await onStage(async ({ served, dest, dir, baseUrl, get }) => {
    const ca = join(dir, "ca.pem");
    await Deno.writeTextFile(ca, webCa.certPem);
    const secure = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} };
    // Under /down/ it redirects to the server without TLS, elsewhere to itself.
    await using server = Deno.serve(secure, (request) => {
      const { pathname, origin } = new URL(request.url);
      const path = pathname.replace(/^\/\w+\//, "/");
      if (pathname.startsWith("/down/")) return Response.redirect(new URL(path, baseUrl));
      if (pathname.startsWith("/up/")) return Response.redirect(`${origin}${path}`);
      const content = served.get(pathname);
      return new Response(content === undefined ? "not here" : new Blob([content as BlobPart]));
    });
    const origin = `https://127.0.0.1:${server.addr.port}`;
    const from = (path: string) =>
      get({ CURL_CA_BUNDLE: ca }, "--base-url", `${origin}${path}/releases`, "--version", "1.2.3");
    const { code, stderr } = await from("/down");
    assert.equal(code, 1);
    assert.match(stderr, /ERROR: cannot download 'https:/);
    assert.ok(!await isInstalled(dest));
    assert.equal((await from("/up")).code, 0);
    assert.ok(await isInstalled(dest));
  });
});

Deno.test("get.sh takes its options and those of the installer in any order and form", async () => {
  for (
    const args of [
      ["--systemd", "--prefix", "/opt/te", "--version", "1.2.3"],
      ["--version=1.2.3", "--prefix=/opt/te", "--systemd"],
      ["--prefix", "/opt/te", "--version=1.2.3", "--arch", ARCH, "--systemd"],
    ]
  ) {
    await onStage(async ({ dest, get }) => {
      const { code, stdout, stderr } = await get(...args);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(
        stdout,
        /^Downloading http:.*\n.*SHA256SUMS\nSHA256 [0-9a-f]{64} is as expected/,
      );
      await Deno.stat(join(dest, "opt/te/bin/teleport-email"));
      await Deno.stat(join(dest, "etc/systemd/system/teleport-email.service"));
      // What the tarball has beside the program stays after the download is gone.
      await Deno.stat(join(dest, "opt/te/share/doc/teleport-email", "docs", "install.md"));
      await Deno.stat(join(dest, "opt/te/share/doc/teleport-email/teleport-email.toml"));
    });
  }
});

Deno.test("get.sh checks for root before it downloads anything", async () => {
  await onStage(async ({ served, baseUrl }) => {
    served.clear();
    const args = ["--base-url", baseUrl, "--version", "1.2.3"];
    const text = await Deno.readTextFile(SCRIPT);
    const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const command = ["sh", "-c", text, "get.sh", ...args];
    const result = await run(Deno.uid() === 0 ? [...asNobody, ...command] : command);
    assert.deepEqual(result, {
      ok: false,
      code: 1,
      stdout: "",
      stderr: "ERROR: You must be root: run this by sudo\n",
    });
  });
});

Deno.test("get.sh does nothing when it is truncated", async () => {
  const script = await Deno.readTextFile(SCRIPT);
  const half = script.slice(0, script.lastIndexOf('main "$@"'));
  const result = await run(["sh", "-c", half, "get.sh", "--version", "1.2.3"]);
  assert.deepEqual(result, { ok: true, code: 0, stdout: "", stderr: "" });
});
