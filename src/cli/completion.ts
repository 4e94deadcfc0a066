/** Completion scripts for shells, from the commands and options as they are. */

import type { Command, Option } from "commander";
import { PROGRAM } from "../version.ts";

/** The shells with a completion script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of them. */
export type Shell = typeof SHELLS[number];

interface Flag {
  readonly names: readonly string[];
  readonly text: string;
  readonly takesValue: boolean;
  /** What the value can be; none = anything, or a file. */
  readonly choices: readonly string[];
}

interface Word {
  readonly name: string;
  readonly text: string;
  readonly flags: readonly Flag[];
  /** What the first argument can be. */
  readonly choices: readonly string[];
}

/** The script that completes the visible commands of `program` in a shell. */
export function completionScript(shell: Shell, program: Command): string {
  const words = wordsOf(program);
  switch (shell) {
    case "bash":
      return bash(words);
    case "zsh":
      return zsh(words);
    case "fish":
      return fish(words);
  }
}

function wordsOf(program: Command): readonly Word[] {
  const visible = program.createHelp().visibleCommands(program);
  const names = visible.map((command) => command.name());
  return visible.map((command) => ({
    name: command.name(),
    text: command.description(),
    flags: program.createHelp().visibleOptions(command).map(flagOf),
    choices: command.name() === "help" ? names : command.registeredArguments[0]?.argChoices ?? [],
  }));
}

function flagOf(option: Option): Flag {
  return {
    names: [option.short, option.long].flatMap((name) => name ?? []),
    text: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}

const isPath = (flag: Flag) => flag.names.includes("--config");

function bash(words: readonly Word[]): string {
  const values = (flag: Flag) =>
    isPath(flag)
      ? `compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current")`
      : `mapfile -t COMPREPLY < <(compgen -W "${flag.choices.join(" ")}" -- "$current")`;
  const cases = words.map(({ name, flags, choices }) =>
    `    ${name})
      case "$previous" in
${
      flags.filter((flag) => flag.takesValue)
        .map((flag) => `        ${flag.names.join("|")}) ${values(flag)}; return ;;`).join("\n")
    }
        *) ;;
      esac
      flags="${flags.flatMap((flag) => flag.names).join(" ")}"
      arguments="${choices.join(" ")}" ;;`
      .replace(/\n{2,}/g, "\n")
  );
  return `# bash completion for ${PROGRAM}
_teleport_email() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local flags="" arguments=""
  COMPREPLY=()
  # readline takes --option=value for three words.
  if [ "$current" = "=" ]; then
    current=""
  elif [ "$previous" = "=" ]; then
    previous="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    arguments="${words.map((word) => word.name).join(" ")}"
  fi
  case "\${COMP_WORDS[1]}" in
${cases.join("\n")}
  esac
  if [[ "$current" != -* && -n "$arguments" ]]; then
    flags="$arguments"
  fi
  mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
}
complete -F _teleport_email ${PROGRAM}
`;
}

function zsh(words: readonly Word[]): string {
  // In a specification of _arguments, brackets and colons have a meaning.
  const plain = (text: string) => text.replace(/[[\]:]/g, "\\$&").replaceAll("'", "'\\''");
  const specification = (flag: Flag) => {
    const value = isPath(flag) ? ":path:_files" : `:value:(${flag.choices.join(" ")})`;
    // "+" and "=": the value may follow in the same word.
    const spelt = flag.names.map((name) =>
      !flag.takesValue ? name : name.startsWith("--") ? `${name}=` : `${name}+`
    );
    const names = spelt.length > 1
      ? `'(${flag.names.join(" ")})'{${spelt.join(",")}}`
      : `${spelt[0]}`;
    return `${names}'[${plain(flag.text)}]${flag.takesValue ? value : ""}'`;
  };
  const cases = words.map(({ name, flags, choices }) =>
    `    ${name}) _arguments ${
      [...flags.map(specification), ...choices.length > 0 ? [`'1: :(${choices.join(" ")})'`] : []]
        .join(" ")
    } ;;`
  );
  return `#compdef ${PROGRAM}
_teleport_email() {
  local -a commands
  commands=(
${words.map(({ name, text }) => `    '${plain(name)}:${plain(text)}'`).join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe 'command' commands
    return
  fi
  local command="$words[2]"
  shift words
  (( CURRENT-- ))
  case "$command" in
${cases.join("\n")}
  esac
}
if [ "$funcstack[1]" = "_teleport_email" ]; then
  _teleport_email "$@"
else
  compdef _teleport_email ${PROGRAM}
fi
`;
}

function fish(words: readonly Word[]): string {
  const quote = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
  const lines = [
    `complete -c ${PROGRAM} -f`,
    ...words.map(({ name, text }) =>
      `complete -c ${PROGRAM} -n __fish_use_subcommand -a ${name} -d ${quote(text)}`
    ),
  ];
  for (const { name, flags, choices } of words) {
    const condition = `-n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    for (const flag of flags) {
      const names = flag.names.map((n) => n.startsWith("--") ? `-l ${n.slice(2)}` : `-s ${n[1]}`);
      const values = flag.choices.length > 0 ? ` -a ${quote(flag.choices.join(" "))}` : "";
      const value = !flag.takesValue ? "" : isPath(flag) ? " -r -F" : ` -x${values}`;
      lines.push(
        `complete -c ${PROGRAM} ${condition} ${names.join(" ")}${value} -d ${quote(flag.text)}`,
      );
    }
    if (choices.length > 0) {
      lines.push(`complete -c ${PROGRAM} ${condition} -a ${quote(choices.join(" "))}`);
    }
  }
  return `# fish completion for ${PROGRAM}\n${lines.join("\n")}\n`;
}
