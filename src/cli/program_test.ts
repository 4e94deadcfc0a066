import assert from "node:assert/strict";
import type { CheckOptions } from "./check.ts";
import type { CliIo } from "./io.ts";
import type { RouteOptions } from "./route/options.ts";
import type { StartOptions } from "./start.ts";
import { DEFINITIONS } from "./commands.ts";
import { runCli } from "./program.ts";

async function run(...args: string[]) {
  const out = { stdout: "", stderr: "" };
  const started: StartOptions[] = [];
  const called: unknown[] = [];
  const call = (options: unknown) => (called.push(options), Promise.resolve(5));
  const io = {
    stdout: (text: string) => void (out.stdout += text),
    stderr: (text: string) => void (out.stderr += text),
  };
  const exitCode = await runCli(args, io, {
    start: (options) => (started.push(options), Promise.resolve(7)),
    configure: (_options, io) => (io.stdout("sample"), Promise.resolve(0)),
    check: call,
    testMail: call,
    preview: call,
    templates: call,
    route: call,
    status: call,
    health: call,
  });
  return { exitCode, ...out, started, called };
}

Deno.test("runCli() prints the version line on stdout", async () => {
  const { exitCode, stdout, stderr } = await run("version");
  assert.deepEqual([exitCode, stderr], [0, ""]);
  assert.match(stdout, /^teleport-email v\d+\.\d+\.\d+(-\S+)?( git:\S+)? deno\d+\.\d+\.\d+\n$/);
});

Deno.test("runCli() prints the sample on stdout and nothing else", async () => {
  assert.deepEqual(await run("configure"), {
    exitCode: 0,
    stdout: "sample",
    stderr: "",
    started: [],
    called: [],
  });
});

Deno.test("runCli() prints the usage on stderr, without failing, when asked for or without arguments", async () => {
  for (const args of [[], ["help"], ["--help"], ["help", "start"], ["start", "--help"]]) {
    const { exitCode, stdout, stderr, started } = await run(...args);
    assert.deepEqual([exitCode, stdout, started], [0, "", []], `${args}`);
    assert.match(stderr, /^Usage: teleport-email /);
    assert.equal(/--config <path>/.test(stderr), args.includes("start"), `${args}`);
  }
});

Deno.test("runCli() shows exit codes in the help of a command", async () => {
  const { stderr } = await run("check", "--help");
  assert.match(stderr, /\n\nExit codes: 0 if there is no problem, 1 if there is one, 2 /);
});

Deno.test("runCli() gives commands their options and returns their exit codes", async () => {
  const config = "/etc/teleport-email.toml";
  const check: CheckOptions = { config, offline: false, json: false };
  const route: RouteOptions = { config, roles: ["a", "b c"], reviewers: [] };
  const cases: [string[], unknown][] = [
    [["check"], check],
    [["check", "-c", "-", "--offline", "--json"], { config: "-", offline: true, json: true }],
    [["test-mail", "a@b", "c@d"], { config, addresses: ["a@b", "c@d"] }],
    [["preview", "--html"], { config, html: true, isDefaultConfig: true }],
    [["preview", "--html", "x.html"], { config, html: "x.html", isDefaultConfig: true }],
    [["preview", "--eml", "d"], { config, html: false, eml: "d", isDefaultConfig: true }],
    [["templates", "export", "d"], { directory: "d" }],
    [["preview", "--kind", "denied"], {
      config,
      kind: "denied",
      html: false,
      isDefaultConfig: true,
    }],
    [["route", "--roles", "a, b c,"], route],
    [["route", "--roles=x", "--reviewers", "y,z"], {
      config,
      roles: ["x"],
      reviewers: ["y", "z"],
    }],
    [["route", "--resource", "node/n1", "--resource=db/d", "--trait", "a=b", "--label", "c=d"], {
      config,
      roles: [],
      reviewers: [],
      resources: ["node/n1", "db/d"],
      traits: ["a=b"],
      labels: ["c=d"],
    }],
    [["route", "--request", "x.yaml", "--rules", "r.yaml", "--json", "--expect", ""], {
      config,
      roles: [],
      reviewers: [],
      request: "x.yaml",
      rules: "r.yaml",
      json: true,
      expect: [],
    }],
    [["status", "--retry", "all"], { config, json: false, retry: "all" }],
  ];
  for (const [args, expected] of cases) {
    const { exitCode, called, stderr } = await run(...args);
    assert.deepEqual([exitCode, called, stderr], [5, [expected], ""], `${args}`);
  }
});

Deno.test("runCli() starts with the config file and the debug flag in every spelling", async () => {
  const config = (configPath: string, debug = false) => ({ configPath, debug });
  const cases: [string[], StartOptions][] = [
    [[], config("/etc/teleport-email.toml")],
    [["--config", "a b"], config("a b")],
    [["--config=x"], config("x")],
    [["-c", "x"], config("x")],
    [["-cx"], config("x")],
    [["-d"], config("/etc/teleport-email.toml", true)],
    [["--debug", "-cx"], config("x", true)],
    [["-dcx"], config("x", true)],
    [["--no-debug"], config("/etc/teleport-email.toml")],
  ];
  for (const [args, expected] of cases) {
    const { exitCode, started } = await run("start", ...args);
    assert.deepEqual([exitCode, started], [7, [expected]], `${args}`);
  }
});

Deno.test("runCli() refuses wrong arguments with one line and exit code 1", async () => {
  const cases: [string[], string][] = [
    [["foo"], 'expected command but got "foo"'],
    [["help", "nosuch"], 'expected command but got "nosuch"'],
    [["start", "--foo"], "unknown long flag '--foo'"],
    [["start", "--foo=1"], "unknown long flag '--foo'"],
    [["start", "-x"], "unknown short flag '-x'"],
    [["-c", "x", "start"], "unknown short flag '-c'"],
    [["start", "--config"], "expected argument for flag '--config'"],
    [["start", "-c"], "expected argument for flag '--config'"],
    [["start", "--config", "--debug"], "expected argument for flag '--config'"],
    [["start", "-ca", "-cb"], "flag 'config' cannot be repeated"],
    [["start", "--debug=true"], "unexpected true"],
    [["start", "extra"], "unexpected extra"],
    [["version", "extra"], "unexpected extra"],
    [["configure", "extra"], "unexpected extra"],
    [["check", "extra"], "unexpected extra"],
    [["test-mail"], "missing required argument 'address'"],
    [["route"], "give --roles, --resource, --request or --pending"],
    [
      ["route", "--roles", ","],
      "option '--roles <roles>' argument ',' is invalid. it names nothing",
    ],
    [
      ["completion", "tcsh"],
      "command-argument value 'tcsh' is invalid for argument 'shell'. Allowed choices are bash, zsh, fish",
    ],
  ];
  for (const [args, message] of cases) {
    assert.deepEqual(await run(...args), {
      exitCode: 1,
      stdout: "",
      stderr: `teleport-email: error: ${message}\n`,
      started: [],
      called: [],
    });
  }
});

Deno.test("runCli() escapes what a terminal would obey in the output of any command", async () => {
  let stdout = "";
  const io = { stdout: (text: string) => void (stdout += text), stderr: () => {} };
  const print = (_: unknown, io: CliIo) => {
    io.stdout("\x1b[32mok\x1b[0m a\u009b2Jb\u202ec 👩\u200d💻\n");
    return Promise.resolve(0);
  };
  const unused = () => Promise.resolve(0);
  await runCli(["status"], io, {
    start: unused,
    configure: unused,
    check: unused,
    testMail: unused,
    preview: unused,
    templates: unused,
    route: unused,
    status: print,
    health: unused,
  });
  assert.equal(stdout, "\x1b[32mok\x1b[0m a\\u009b2Jb\\u202ec 👩\u200d💻\n");
});

Deno.test("runCli() shows an example in the help of every command", async () => {
  for (const { name, example } of DEFINITIONS) {
    const { stderr } = await run(name, "--help");
    assert.ok(stderr.replace(/\s+/g, " ").includes(`Example: ${example}`), name);
  }
});
