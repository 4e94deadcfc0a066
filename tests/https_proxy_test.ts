/** HTTP proxies that are spoken to by TLS: whom the program gives its proxy password to. */

import assert from "node:assert/strict";
import { issueServer } from "../sim/pki/identity.ts";
import { createPki, type Issued } from "../sim/pki/pki.ts";
import { runProgram } from "../sim/playground/plugin_process.ts";
import { startConnectProxy } from "../sim/proxy/connect_proxy.ts";
import { onStage, type Stage } from "./support.ts";

const LOGIN = "me:hunter2";

/** What `check` says of dialing directly through the proxy at `host`, and what the proxy was told. */
async function through(
  { playground }: Stage,
  certificate: Issued,
  host: "localhost" | "127.0.0.1",
): Promise<{ readonly text: string; readonly authorizations: readonly string[] }> {
  await using proxy = await startConnectProxy(certificate);
  proxy.login = LOGIN;
  proxy.resolve = (target) => target.replace(/^[^:]+/, "127.0.0.1");
  const { stdout, stderr } = await runProgram(
    ["check", "--json", "--config", playground.paths.config],
    {
      SSL_CERT_FILE: playground.paths.webCa,
      HTTPS_PROXY: `https://${LOGIN}@${host}:${proxy.port}`,
    },
  );
  for (const secret of ["hunter2", btoa(LOGIN)]) assert.ok(!(stdout + stderr).includes(secret));
  const { findings } = JSON.parse(stdout);
  const found = findings.find(({ check }: { readonly check: string }) => /direct$/.test(check));
  return { text: found.text, authorizations: proxy.authorizations };
}

Deno.test("An HTTPS proxy gets the password only if its certificate is for its name or address", async () => {
  await onStage({}, async (stage) => {
    const { pki: { webCa }, proxy } = stage.playground;
    // By name: what is on this machine is not proxied.
    await stage.configure((text) =>
      text.replace(/addr = .*/, `addr = "proxy.example.com:${proxy.port}"`)
    );
    const issue = (names: string[], addresses: string[]) => issueServer(webCa, names, addresses);
    const cases: readonly (readonly ["localhost" | "127.0.0.1", Issued, RegExp | undefined])[] = [
      ["localhost", await issue(["localhost"], []), undefined],
      ["127.0.0.1", await issue(["a.example.com"], ["127.0.0.1"]), undefined],
      ["localhost", await issue(["a.example.com"], ["127.0.0.1"]), /altnames/],
      ["127.0.0.1", await issue(["localhost"], ["127.0.0.2"]), /altnames/],
      [
        "localhost",
        await issueServer((await createPki("other")).webCa),
        /verify the first certificate|issuer/,
      ],
    ];
    await Promise.all(cases.map(async ([host, certificate, refusal]) => {
      const { text, authorizations } = await through(stage, certificate, host);
      if (refusal === undefined) {
        assert.equal(text, "works");
        assert.ok(authorizations.includes(`Basic ${btoa(LOGIN)}`));
      } else {
        assert.match(text, /the HTTP proxy '(localhost|127\.0\.0\.1):\d+' fails: /);
        assert.match(text, refusal);
        assert.deepEqual(authorizations, []);
      }
    }));
  });
});
