/** The manual page, from the commands and options as they are (man(7)). */

import type { Command } from "commander";
import { DEFINITIONS } from "../../src/cli/commands.ts";
import type { Definition } from "../../src/cli/definition.ts";
import { DEFAULT_CONFIG_PATH } from "../../src/cli/io.ts";
import { createProgram } from "../../src/cli/program.ts";
import { wrap } from "../../src/cli/text.ts";
import { PROGRAM, RELEASE_DATE, VERSION } from "../../src/version.ts";

/** What `mandoc -T lint` wants of lines; roff fills them anew. */
const LINE_WIDTH = 80;

/** In roff, a backslash, a leading dot or quote, and a hyphen that is to be copied need care. */
function roff(text: string): string {
  const escaped = text.replaceAll("\\", "\\e").replaceAll("-", "\\-");
  return wrap(escaped, LINE_WIDTH - 2).join("\n").replace(/^(?=[.'])/gm, "\\&");
}

/** The page as roff. */
export function manualPage(): string {
  const program = createProgram({ stdout: () => {}, stderr: () => {} });
  const commands = program.createHelp().visibleCommands(program);
  return `.TH TELEPORT\\-EMAIL 1 "${RELEASE_DATE}" "${PROGRAM} ${VERSION}" "User Commands"
.nh
.SH NAME
${roff(PROGRAM)} \\- mails reviewers about Teleport access requests
.SH SYNOPSIS
.B ${roff(PROGRAM)}
.I command
[\\fIoption\\fR ...] [\\fIargument\\fR ...]
.SH DESCRIPTION
A daemon that emails the right reviewers when someone requests access to a
Teleport cluster, and follows up reviews, approval, denial and expiry in the
same thread. The other commands help to set it up and to monitor it.
.SH COMMANDS
${commands.map((command) => commandSection(program, command)).join("\n")}
.SH EXIT STATUS
0 on success; 1 if a problem was found; 2 if a command could not run; 70 after
an unexpected error; 78 if the configuration of the daemon has to be corrected.
.SH ENVIRONMENT
.TP
.B HTTPS_PROXY, HTTP_PROXY, NO_PROXY
HTTP proxies for the connection to the cluster.
.TP
.B TELEPORT_TUNNEL_PUBLIC_ADDR
Address of the proxy's SSH tunnel.
.TP
.B TELEPORT_TLS_ROUTING_CONN_UPGRADE
Whether connections are upgraded through a load balancer that terminates TLS.
.TP
.B TELEPORT_PLUGIN_FAIL_FAST
Whether the daemon exits when it loses the connection to the cluster.
.TP
.B NO_COLOR
If set, reports have no colors.
.SH FILES
.TP
.I ${roff(DEFAULT_CONFIG_PATH)}
The configuration, if no other is given.
`;
}

function commandSection(program: Command, command: Command): string {
  const help = program.createHelp();
  const definition = DEFINITIONS.find(({ name }) => name === command.name());
  const options = help.visibleOptions(command).filter((option) => option.long !== "--help");
  const syntax = options.length === 0
    ? command.usage().replace(/^\[options\] ?/, "")
    : command.usage();
  const usage = `${command.name()} ${syntax}`.trim();
  return [
    `.SS ${roff(usage)}`,
    roff(command.description()),
    ...paragraphs(definition).flatMap((paragraph) => [".PP", roff(paragraph)]),
    ...options.flatMap((option) => [
      ".TP",
      `.B ${roff(option.flags)}`,
      roff(`${help.optionDescription(option)}.`),
    ]),
  ].join("\n");
}

function paragraphs(definition: Definition | undefined): readonly string[] {
  return definition === undefined ? [] : [...definition.details, `Example: ${definition.example}`];
}

if (import.meta.main) {
  await Deno.writeTextFile(
    new URL("../teleport-email.1", import.meta.url),
    manualPage(),
  );
}
