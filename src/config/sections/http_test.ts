import assert from "node:assert/strict";
import { accept, file, refuse } from "../testing/parse.ts";

Deno.test("[http] does not listen by default", async () => {
  const cases: [string, { host: string; port: number } | undefined][] = [
    ["", undefined],
    ['listen = ""', undefined],
    ['listen = "127.0.0.1:8080"', { host: "127.0.0.1", port: 8080 }],
    ['listen = "[::1]:8080"', { host: "::1", port: 8080 }],
    ['listen = ":8080"', { host: "", port: 8080 }],
    ['listen = "localhost:0"', { host: "localhost", port: 0 }],
  ];
  for (const [body, listen] of cases) {
    const { config, warnings } = await accept(file({ http: body }));
    assert.deepEqual(config.http, { ...listen && { listen }, status: "loopback" });
    assert.deepEqual(warnings, []);
  }
});

Deno.test("[http] refuses what is not an address", async () => {
  const cases: [string, string][] = [
    ['"localhost"', "must be host:port, current value is 'localhost' without a port"],
    [
      '":http"',
      "cannot use ':http' as an address: " +
      "the port must be between 1 and 65535, current value is 'http'",
    ],
    ["8080", "must be a string, current value is an integer"],
  ];
  for (const [value, why] of cases) {
    const errors = await refuse(file({ http: `listen = ${value}` }));
    assert.deepEqual(errors, [`Invalid http.listen: ${why}`]);
  }
});

Deno.test("[http] serves /status to clients on this machine, or to all", async () => {
  const { config } = await accept(file({ http: 'status = "all"' }));
  assert.deepEqual(config.http, { status: "all" });
  assert.deepEqual(await refuse(file({ http: 'status = "none"' })), [
    'Invalid http.status: must be one of loopback, all, current value is "none"',
  ]);
});
