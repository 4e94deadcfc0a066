/** `deno task cluster`: runs a playground until it is interrupted. */

import {
  aborted,
  type CommandIo,
  readOptions,
  readPort,
  runCommand,
} from "../playground/command.ts";
import { CONTROL_HELP } from "../playground/control_help.ts";
import { type Playground, startPlayground } from "../playground/playground.ts";

const USAGE = `Usage: deno task cluster [--dir DIR] [--control-port PORT] [--oss] [--old]
                          [--deny-rules]

Runs a simulated Teleport cluster and mail server on 127.0.0.1 until Ctrl-C.

  --dir DIR            keep the files there (default: a temporary folder, removed at the end)
  --control-port PORT  port of the control API (default: a free one)
  --oss                play the edition without review pages
  --old                play Teleport 9: no rules, no newer calls
  --deny-rules         the plugin's role may not read access monitoring rules

${CONTROL_HELP}`;

/** Starts a playground, prints how to use it, and waits for `signal`. */
export async function runCluster(
  args: readonly string[],
  { write, signal }: Pick<CommandIo, "write" | "signal">,
): Promise<void> {
  const values = readOptions(args, {
    dir: { type: "string" },
    "control-port": { type: "string", default: "0" },
    oss: { type: "boolean", default: false },
    old: { type: "boolean", default: false },
    "deny-rules": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  });
  if (values.help) return write(USAGE);
  const controlPort = readPort("control-port", values["control-port"]);
  await using stack = new AsyncDisposableStack();
  const dir = values.dir ?? await Deno.makeTempDir({ prefix: "teleport-email-" });
  if (values.dir === undefined) stack.defer(() => Deno.remove(dir, { recursive: true }));
  else await Deno.mkdir(dir, { recursive: true });
  const playground = stack.use(await startPlayground({ dir, controlPort }));
  playground.auth.advancedAccessWorkflows = !values.oss;
  playground.auth.isOld = values.old;
  playground.cluster.roles.deny("access_monitoring_rule", values["deny-rules"]);
  write(instructions(playground));
  await aborted(signal);
  write("Stopping.\n");
}

/** Example commands to copy. */
export function instructions(
  { auth, cluster, control, mail, mailgun, paths, proxy, ssh }: Playground,
) {
  const call = (path: string, ...parameters: string[]) =>
    [`  curl -s ${control.url}${path}`, ...parameters.map((item) => `-d "${item}"`)].join(" ");
  return `A simulated Teleport cluster '${cluster.name}' is running.

  auth server    ${auth.address}
  proxy          ${proxy.address}
  SSH tunnel     ${ssh.address}
  mail server    127.0.0.1:${mail.port} (STARTTLS)
  Mailgun API    ${mailgun.baseUrl} (domain '${mailgun.domain}', key '${mailgun.key}')
  control API    ${control.url}
  configuration  ${paths.config}

Start the plugin in a second terminal:

  npx -y deno@2.9.3 task start --config ${paths.config}

Then, in a third one, ask for access and see the mails:

${call("/create", "user=alice@example.com", "roles=dev", "reason=Rollout of release 7")}
${call("/create", "roles=dba", "reviewers=bob@example.com", "approve=2", "deny=1")}
${call("/requests")}
${call("/mails")}

With the id of a request in ID:

${call("/review", "id=$ID", "author=bob@example.com", "state=APPROVED", "reason=go")}
${call("/approve", "id=$ID", "reason=fine")}
${call("/deny", "id=$ID", "reason=not now")}
${call("/expire", "id=$ID")}
${call("/delete", "id=$ID")}

A rule decides who is mailed, and a request may name resources:

${call("/rule", "name=dba", "recipients=dba-lead@example.com")} \\
    --data-urlencode 'condition=access_request.spec.roles.contains("dba")'
${call("/create", "resources=/sim.example.com/node/web-1", "max_duration=4h")}

Every call of the control API is in 'deno task cluster --help'. Ctrl-C ends it.
`;
}

if (import.meta.main) await runCommand("cluster", runCluster);
