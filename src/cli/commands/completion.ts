import { Argument } from "commander";
import { completionScript, type Shell, SHELLS } from "../completion.ts";
import type { Definition } from "../definition.ts";

/** The command `completion`. */
export const COMPLETION: Definition = {
  name: "completion",
  summary: "Prints a script that completes commands and options in a shell.",
  details: [
    "bash: source <(teleport-email completion bash)",
    'zsh: teleport-email completion zsh > "${fpath[1]}/_teleport-email"',
    "fish: teleport-email completion fish > ~/.config/fish/completions/teleport-email.fish",
  ],
  example: "teleport-email completion bash",
  define: (command, { io, program }) => {
    command.addArgument(new Argument("<shell>", "for which shell").choices(SHELLS))
      .action((shell: Shell) => io.stdout(completionScript(shell, program)));
  },
};
