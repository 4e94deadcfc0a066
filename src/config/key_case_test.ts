import assert from "node:assert/strict";
import { foldKeys } from "./key_case.ts";

Deno.test("foldKeys() accepts lower and upper case of every key", () => {
  const folded = foldKeys({ PASSWORD_FILE: 1, starttls_policy: 2 }, [
    "password_file",
    "starttls_policy",
  ]);
  assert.deepEqual([...folded.values], [["password_file", 1], ["starttls_policy", 2]]);
  assert.deepEqual(folded.unknown, []);
});

Deno.test("foldKeys() accepts a capital first letter only where the original does", () => {
  const folded = foldKeys({ Host: 1, Password_file: 2, Identity: 3 }, [
    "host",
    "password_file",
    "identity",
  ]);
  assert.deepEqual([...folded.values], [["host", 1]]);
  assert.deepEqual(folded.unknown, ["Password_file", "Identity"]);
});

Deno.test("foldKeys() prefers the spelling that the original prefers", () => {
  const folded = foldKeys({ HOST: 1, host: 2, Host: 3 }, ["host"]);
  assert.deepEqual([...folded.values], [["host", 3]]);
  assert.deepEqual(folded.doubles, [
    { used: "Host", ignored: "host" },
    { used: "Host", ignored: "HOST" },
  ]);
});

Deno.test("foldKeys() reads the table's own keys only", () => {
  assert.deepEqual([...foldKeys({}, ["constructor", "toString"]).values], []);
});
