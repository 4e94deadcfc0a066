import assert from "node:assert/strict";
import { editDistance, nearest } from "./nearest.ts";

Deno.test("editDistance() counts single slips", () => {
  assert.equal(editDistance("password", "password"), 0);
  assert.equal(editDistance("pasword", "password"), 1);
  assert.equal(editDistance("passwrod", "password"), 1);
  assert.equal(editDistance("", "abc"), 3);
  assert.equal(editDistance("kitten", "sitting"), 3);
});

Deno.test("nearest() finds the misspelt key", () => {
  const keys = ["host", "port", "password", "password_file", "starttls_policy"];
  assert.equal(nearest("pasword", keys), "password");
  assert.equal(nearest("Password-File", keys), "password_file");
  assert.equal(nearest("start_tls_policy", keys), "starttls_policy");
  assert.equal(nearest("prot", keys), "port");
});

Deno.test("nearest() returns nothing when nothing is near", () => {
  assert.equal(nearest("slack", ["smtp", "mailgun", "log"]), undefined);
  assert.equal(nearest("x", []), undefined);
});
