import assert from "node:assert/strict";
import { isTimeZone } from "./time_zone.ts";

Deno.test("isTimeZone() knows names of the IANA data", () => {
  for (const name of ["UTC", "Europe/Berlin", "America/New_York", "Etc/GMT+5"]) {
    assert.ok(isTimeZone(name), name);
  }
  for (const name of ["", "Mars/Phobos", "+01:00", " UTC", "Local"]) {
    assert.ok(!isTimeZone(name), name);
  }
});
