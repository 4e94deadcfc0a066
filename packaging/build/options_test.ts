import assert from "node:assert/strict";
import { parseOptions } from "./options.ts";

function machines(...args: string[]): string[] {
  const options = parseOptions(args);
  return options === "help" ? [] : options.targets.map(({ machine }) => machine);
}

Deno.test("parseOptions() builds one executable for this machine if nothing else is asked for", () => {
  const options = parseOptions([]);
  assert.ok(options !== "help");
  assert.deepEqual(options.targets.map(({ arch }) => arch), [Deno.build.arch]);
  assert.deepEqual({ ...options, targets: [] }, {
    targets: [],
    form: "compiled",
    verify: false,
    release: false,
    out: "dist",
  });
});

Deno.test("parseOptions() accepts one target, or all", () => {
  assert.deepEqual(machines("--target", "aarch64"), ["arm64"]);
  assert.deepEqual(machines("--target=all"), ["amd64", "arm64"]);
  assert.equal(parseOptions(["--help"]), "help");
});

Deno.test("parseOptions() reports what a wrong option has to be", () => {
  assert.throws(() => parseOptions(["--target", "mips"]), /mips.*x86_64, aarch64, all/);
  assert.throws(() => parseOptions(["--form=zip"]), /--form is 'zip'.*compiled, runtime/);
  assert.throws(() => parseOptions(["--fast"]), /--fast[^]*Usage: deno task build/);
});
