import assert from "node:assert/strict";
import { controlRefusal, pageRefusal, TOKEN_HEADER } from "./guard.ts";

const TOKEN = "secret";

function request(method: string, headers: Record<string, string>): Request {
  const given = { host: "127.0.0.1:8000", ...headers };
  // A real Request drops the headers that only browsers set.
  return { method, headers: new Headers(given) } as Request;
}

Deno.test("pageRefusal() lets the page in by every name of this machine, and no other name", () => {
  for (const host of ["127.0.0.1:8000", "localhost:8000", "LOCALHOST", "[::1]:8000"]) {
    assert.equal(pageRefusal(request("GET", { host }), TOKEN), undefined);
  }
  for (
    const host of ["attacker.example:8000", "127.0.0.1.attacker.example", "localhost.example", ""]
  ) {
    assert.match(pageRefusal(request("GET", { host }), TOKEN) ?? "", /^host is '/);
    assert.match(controlRefusal(request("GET", { host })) ?? "", /^host is '/);
  }
});

Deno.test("pageRefusal() asks for token and origin wherever something changes", () => {
  const origin = "http://127.0.0.1:8000";
  const refusal = (headers: Record<string, string>) => pageRefusal(request("POST", headers), TOKEN);
  assert.equal(refusal({ origin, [TOKEN_HEADER]: TOKEN }), undefined);
  assert.equal(
    refusal({ origin, [TOKEN_HEADER]: "guess" }),
    "token is missing or wrong: reload the page",
  );
  assert.equal(refusal({ origin }), "token is missing or wrong: reload the page");
  for (const other of ["http://127.0.0.1:8001", "http://attacker.example", "null", ""]) {
    assert.equal(
      refusal({ origin: other, [TOKEN_HEADER]: TOKEN }),
      `origin is '${other}', want '${origin}'`,
    );
  }
  assert.equal(refusal({ [TOKEN_HEADER]: TOKEN }), `origin is '', want '${origin}'`);
});

Deno.test("pageRefusal() serves other sites nothing but a link to the page", () => {
  const get = (site: string, mode: string) =>
    pageRefusal(request("GET", { "sec-fetch-site": site, "sec-fetch-mode": mode }), TOKEN);
  assert.equal(get("cross-site", "navigate"), undefined);
  assert.equal(get("none", "navigate"), undefined);
  assert.equal(get("same-origin", "cors"), undefined);
  for (const site of ["cross-site", "same-site"]) {
    assert.equal(get(site, "no-cors"), "request of another page");
    assert.equal(get(site, "cors"), "request of another page");
  }
});

Deno.test("controlRefusal() serves commands and the address bar, and no web page", () => {
  assert.equal(controlRefusal(request("POST", {})), undefined);
  assert.equal(controlRefusal(request("GET", { "sec-fetch-site": "none" })), undefined);
  for (
    const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "http://127.0.0.1:8000" }]
  ) {
    assert.equal(controlRefusal(request("GET", headers as never)), "request of a web page");
  }
});
