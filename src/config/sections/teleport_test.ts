import assert from "node:assert/strict";
import { accept, file, refuse } from "../testing/parse.ts";

async function teleportOf(body: string | null) {
  const { config, warnings } = await accept(file({ teleport: body }));
  return { teleport: config.teleport, warnings };
}

Deno.test("[teleport] has the original's defaults", async () => {
  const { teleport, warnings } = await teleportOf('identity = "/id"');
  assert.deepEqual(teleport, {
    addr: "localhost:3025",
    credentials: { kind: "identity", path: "/id" },
    refreshIdentity: false,
    refreshIdentityIntervalMs: 60_000,
    via: "auto",
  });
  assert.deepEqual(warnings, []);
});

Deno.test("[teleport] accepts every key", async () => {
  const { teleport, warnings } = await teleportOf(`addr = "[::1]:3025"
    client_key = "/k"
    client_crt = "/c"
    root_cas = "/a"
    refresh_identity_interval = "1m30s"
    via = "ssh"
    web_root_cas = "/web"`);
  assert.deepEqual(teleport, {
    addr: "[::1]:3025",
    credentials: { kind: "files", key: "/k", crt: "/c", cas: "/a" },
    refreshIdentity: false,
    refreshIdentityIntervalMs: 90_000,
    via: "ssh",
    webRootCas: "/web",
  });
  assert.deepEqual(warnings, []);
});

Deno.test("[teleport] uses auth_server only when addr is empty", async () => {
  const warning =
    "Configuration setting `auth_server` is deprecated, consider to change it to `addr`";
  const old = await teleportOf('identity = "/id"\nauth_server = "old:3025"\naddr = ""');
  assert.equal(old.teleport.addr, "old:3025");
  assert.deepEqual(old.warnings, [warning]);
  const both = await teleportOf('identity = "/id"\nauth_server = "old:3025"\naddr = "new:443"');
  assert.equal(both.teleport.addr, "new:443");
});

Deno.test("[teleport] repairs an address with a warning", async () => {
  const cases: [string, string][] = [
    ["https://tele.example.com", "tele.example.com:443"],
    ["https://tele.example.com:3080/", "tele.example.com:3080"],
    ["tele.example.com", "tele.example.com:443"],
  ];
  for (const [given, used] of cases) {
    const { teleport, warnings } = await teleportOf(`identity = "/id"\naddr = "${given}"`);
    assert.equal(teleport.addr, used);
    assert.deepEqual(warnings, [
      `teleport.addr is '${given}', '${used}' is used: write host:port`,
    ]);
  }
});

Deno.test("[teleport] refuses an address that cannot be one", async () => {
  const cases: [string, string][] = [
    ["tele:99999", "the port must be between 1 and 65535, current value is '99999'"],
    ["tele:0", "must be host:port"],
    [":3025", "must be host:port"],
    ["::1", "write an IPv6 address as [::1]:port"],
  ];
  for (const [addr, why] of cases) {
    const errors = await refuse(file({ teleport: `identity = "/id"\naddr = "${addr}"` }));
    assert.deepEqual(errors, [
      `Invalid teleport.addr: cannot use '${addr}' as an address: ${why}`,
    ]);
  }
});

Deno.test("[teleport] without usable credentials loads and reports what is missing", async () => {
  const cases: [string | null, string][] = [
    [null, "no credentials configured"],
    ['identity = ""', "no credentials configured"],
    [
      'client_crt = "/c"',
      "configuration setting(s) `client_crt` are provided " +
      "but setting(s) `client_key`, `root_cas` are missing",
    ],
    [
      'root_cas = "/a"\nclient_crt = "/c"',
      "configuration setting(s) `client_crt`, `root_cas` are provided " +
      "but setting(s) `client_key` are missing",
    ],
  ];
  for (const [body, error] of cases) {
    const { teleport } = await teleportOf(body);
    assert.deepEqual(teleport.credentials, { kind: "none", error });
  }
});

Deno.test("[teleport] prefers the identity to a key pair, with a warning", async () => {
  const { teleport, warnings } = await teleportOf(
    'identity = "/id"\nclient_key = "/k"\nclient_crt = "/c"\nroot_cas = "/a"',
  );
  assert.deepEqual(teleport.credentials, { kind: "identity", path: "/id" });
  assert.deepEqual(warnings, [
    "teleport: configuration setting `identity` is mutually exclusive with all the " +
    "`client_crt`, `client_key` and `root_cas` settings; `identity` is used",
  ]);
});

Deno.test("[teleport] warns about a refresh without an identity file", async () => {
  const { teleport, warnings } = await teleportOf(
    'client_key = "/k"\nclient_crt = "/c"\nroot_cas = "/a"\nrefresh_identity = true',
  );
  assert.equal(teleport.refreshIdentity, false);
  assert.deepEqual(warnings, ["teleport: `refresh_identity` requires that `identity` be set"]);
});

Deno.test("[teleport] reads the refresh interval as Go does", async () => {
  const cases: [string, number, number][] = [
    ['"30s"', 30_000, 0],
    ["60_000_000_000", 60_000, 0],
    ["0", 60_000, 0],
    ['"0s"', 60_000, 0],
    ["60", 1_000, 1],
    ['"2400h"', 2 ** 31 - 1, 0],
  ];
  for (const [value, ms, warned] of cases) {
    const { teleport, warnings } = await teleportOf(
      `identity = "/id"\nrefresh_identity = true\nrefresh_identity_interval = ${value}`,
    );
    assert.equal(teleport.refreshIdentityIntervalMs, ms, value);
    assert.equal(warnings.length, warned, value);
  }
});

Deno.test("[teleport] refuses a negative or malformed interval", async () => {
  const key = "Invalid teleport.refresh_identity_interval";
  const cases: [string, string][] = [
    ["-1", `${key}: must be positive, current value is -1ns`],
    ['"-1m"', `${key}: must be positive, current value is -1m0s`],
    ['"1 minute"', `${key}: time: unknown unit " minute" in duration "1 minute"`],
    ["1.5", `${key}: must be a duration such as "1m30s", current value is a float`],
  ];
  for (const [value, error] of cases) {
    const body = `identity = "/id"\nrefresh_identity_interval = ${value}`;
    assert.deepEqual(await refuse(file({ teleport: body })), [error]);
  }
});
