import assert from "node:assert/strict";
import type { CheckOptions } from "./check.ts";
import type { CliIo } from "./io.ts";
import type { RouteOptions } from "./route/options.ts";
import type { StartOptions } from "./start.ts";
import { DEFINITIONS } from "./commands.ts";
import { runCli } from "./program.ts";
import { SAMPLE_KINDS } from "./sample_kinds.ts";

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
  for (const word of ["version", "--version", "-V"]) {
    const { exitCode, stdout, stderr } = await run(word);
    assert.deepEqual([exitCode, stderr], [0, ""], word);
    assert.match(stdout, /^teleport-email v\d+\.\d+\.\d+(-\S+)?( git:\S+)? deno\d+\.\d+\.\d+\n$/);
  }
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
  for (
    const args of [[], ["help"], ["--help"], ["-h"], ["help", "start"], ["start", "--help"], [
      "start",
      "-h",
    ]]
  ) {
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
  const isDefaultConfig = true;
  const route: RouteOptions = { config, isDefaultConfig, roles: ["a", "b c"], reviewers: [] };
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
      isDefaultConfig,
      roles: ["x"],
      reviewers: ["y", "z"],
    }],
    [["route", "--resource", "node/n1", "--resource=db/d", "--trait", "a=b", "--label", "c=d"], {
      config,
      isDefaultConfig,
      roles: [],
      reviewers: [],
      resources: ["node/n1", "db/d"],
      traits: ["a=b"],
      labels: ["c=d"],
    }],
    [["route", "--request", "x.yaml", "--rules", "r.yaml", "--json", "--expect", ""], {
      config,
      isDefaultConfig,
      roles: [],
      reviewers: [],
      request: "x.yaml",
      rules: "r.yaml",
      json: true,
      expect: [],
    }],
    [["status", "--retry", "all"], { config, json: false, retry: "all" }],
    [["status", "--address", "[::1]:80"], {
      config,
      json: false,
      address: { host: "::1", port: 80 },
    }],
    [["health", "-c", "x", "--address=h:1"], {
      config: "x",
      ready: false,
      address: { host: "h", port: 1 },
    }],
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

Deno.test("runCli() refuses wrong arguments in the original's words, with a hint on a second line", async () => {
  const commands = "'teleport-email help' lists the commands";
  const flags = (command: string) => `'teleport-email help ${command}' lists the flags`;
  const kinds = SAMPLE_KINDS.join(", ");
  const cases: [args: string[], message: string, hint: string, code?: number][] = [
    [["foo"], 'expected command but got "foo"', commands],
    [["versoin"], 'expected command but got "versoin"', `did you mean 'version'? ${commands}`],
    [["help", "nosuch"], 'expected command but got "nosuch"', commands],
    [["help", "chek"], 'expected command but got "chek"', `did you mean 'check'? ${commands}`],
    [["start", "--foo"], "unknown long flag '--foo'", flags("start")],
    [["start", "--foo=1"], "unknown long flag '--foo'", flags("start")],
    [
      ["start", "--confg=1"],
      "unknown long flag '--confg'",
      `did you mean '--config'? ${flags("start")}`,
    ],
    [
      ["check", "--ofline"],
      "unknown long flag '--ofline'",
      `did you mean '--offline'? ${flags("check")}`,
      2,
    ],
    [["start", "-x"], "unknown short flag '-x'", flags("start")],
    [["-c", "x", "start"], "unknown short flag '-c'", commands],
    [["start", "--config"], "expected argument for flag '--config'", ""],
    [["start", "-c"], "expected argument for flag '--config'", ""],
    [["start", "--config", "--debug"], "expected argument for flag '--config'", ""],
    [["start", "-ca", "-cb"], "flag 'config' cannot be repeated", ""],
    [["start", "--debug=true"], "unexpected true", flags("start")],
    [["start", "--no-debug=1"], "unexpected 1", flags("start")],
    [["start", "extra"], "unexpected extra", flags("start")],
    [["version", "extra"], "unexpected extra", flags("version")],
    [["configure", "extra"], "unexpected extra", flags("configure")],
    [["check", "extra"], "unexpected extra", flags("check"), 2],
    [["test-mail"], "expected argument <address>", flags("test-mail"), 2],
    [["route"], "give --roles, --resource, --request or --pending", "", 2],
    [["route", "--roles", ","], "expected argument for flag '--roles'", "", 2],
    [
      ["preview", "--kind", "aproved"],
      `flag '--kind' must be one of ${kinds}, all, current value is 'aproved': did you mean ` +
      "'approved'?",
      "",
      2,
    ],
    [
      ["completion", "tcsh"],
      "argument <shell> must be one of bash, zsh, fish, current value is 'tcsh'",
      "",
      2,
    ],
    [
      ["status", "--address", "h"],
      "flag '--address': cannot use 'h' as an address: must be host:port",
      "",
      2,
    ],
  ];
  for (const [args, message, hint, code = 1] of cases) {
    assert.deepEqual(await run(...args), {
      exitCode: code,
      stdout: "",
      stderr: `teleport-email: error: ${message}\n${hint === "" ? "" : `${hint}\n`}`,
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
