import assert from "node:assert/strict";
import { SHELLS } from "./completion.ts";
import type { Commands } from "./definition.ts";
import { runCli } from "./program.ts";

const UNUSED = () => Promise.resolve(1);
const COMMANDS: Commands = {
  start: UNUSED,
  configure: UNUSED,
  check: UNUSED,
  testMail: UNUSED,
  preview: UNUSED,
  templates: UNUSED,
  route: UNUSED,
  status: UNUSED,
  health: UNUSED,
};

async function output(...args: string[]): Promise<string> {
  let text = "";
  const io = { stdout: (more: string) => void (text += more), stderr: () => {} };
  assert.equal(await runCli(args, io, COMMANDS), 0);
  return text;
}

/** Runs a shell with a script; undefined where the shell is not installed. */
async function shell(name: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { code, stdout, stderr } = await new Deno.Command(name, { args: [...args] }).output();
    const decoder = new TextDecoder();
    assert.deepEqual([code, decoder.decode(stderr)], [0, ""]);
    return decoder.decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

for (const name of SHELLS) {
  Deno.test(`completion ${name} prints a script that ${name} can read`, async (test) => {
    const script = await output("completion", name);
    for (const word of ["test-mail", "offline", "requester-denied"]) {
      assert.ok(script.includes(word), word);
    }
    // The hidden command is not offered.
    assert.doesNotMatch(script, /\bman\b/);
    const known = await shell(name, ["-c", "true"]);
    await test.step({
      name: known === undefined ? `${name} is not installed` : `${name} -n`,
      ignore: known === undefined,
      fn: async () => {
        const path = await Deno.makeTempFile();
        try {
          await Deno.writeTextFile(path, script);
          assert.equal(await shell(name, ["-n", path]), "");
        } finally {
          await Deno.remove(path);
        }
      },
    });
  });
}

Deno.test("bash completes commands, options and their values", async () => {
  const script = await output("completion", "bash");
  const complete = async (...words: string[]) => {
    const line = words.map((word) => `'${word}'`).join(" ");
    const run = `COMP_WORDS=(teleport-email ${line}); COMP_CWORD=${words.length}; ` +
      `_teleport_email; echo "\${COMPREPLY[*]}"`;
    return (await shell("bash", ["-c", `${script}\n${run}`]))?.trim();
  };
  const commands = await complete("");
  if (commands === undefined) return; // No bash here.
  assert.match(commands, /^help configure version start check test-mail /);
  assert.equal(await complete("st"), "start status");
  assert.equal(await complete("check", "--o"), "--offline");
  assert.equal(
    await complete("preview", "--kind", "req"),
    "requester-new requester-review requester-approved requester-denied requester-expired requester-promoted requester-access-ending",
  );
  assert.equal(await complete("completion", ""), "bash zsh fish");
  assert.equal(await complete("completion", "-"), "-h --help");
  // The words that readline makes of --kind= and --kind=requester-d.
  assert.match(
    (await complete("preview", "--kind", "=")) ?? "",
    /^new new-resources new-long-term review /,
  );
  assert.equal(await complete("preview", "--kind", "=", "requester-d"), "requester-denied");
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/two words.toml`, "");
    assert.equal(await complete("start", "--config", `${dir}/tw`), `${dir}/two words.toml`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  assert.equal(await complete("help", "ver"), "version");
});
