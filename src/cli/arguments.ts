/** What is wrong with arguments, in the words of the original's parser (original.md §1.1). */

import { type Command, CommanderError, InvalidArgumentError } from "commander";

/** Commander only counts arguments; the original names the first that is too many. */
export function refuseExcess(_: Command, command: Command): void {
  const known = command.registeredArguments;
  if (known.at(-1)?.variadic) return;
  const extra = command.args[known.length];
  if (extra !== undefined) throw new CommanderError(1, "excess", `unexpected ${extra}`);
}

/** Refuses an option's second value, and a flag in place of a value, as the original's parser does. */
export function once(name: string): (value: string) => string {
  let seen = false;
  return (value) => {
    if (/^--?[a-z]/.test(value)) {
      throw new CommanderError(1, "missing", `expected argument for flag '--${name}'`);
    }
    if (seen) throw new CommanderError(1, "repeated", `flag '${name}' cannot be repeated`);
    seen = true;
    return value;
  };
}

/** Like {@linkcode once}, for values between commas; space round them does not count. */
export function listOnce(name: string): (value: string) => readonly string[] {
  const take = once(name);
  return (value) => {
    const items = take(value).split(",").map((item) => item.trim()).filter((item) => item !== "");
    if (items.length === 0) throw new InvalidArgumentError("it names nothing");
    return items;
  };
}

/** Like {@linkcode listOnce}, where naming nothing means nothing. */
export function emptyListOnce(name: string): (value: string) => readonly string[] {
  const take = once(name);
  return (value) => take(value).split(",").map((item) => item.trim()).filter((item) => item !== "");
}

/** Adds a value to those of an option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** The message for what commander found. */
export function explainArguments({ code, message }: CommanderError): string {
  const quoted = /'([^']*)'/.exec(message)?.[1] ?? "";
  switch (code) {
    case "commander.unknownCommand":
      return `expected command but got "${quoted}"`;
    case "commander.optionMissingArgument":
      return `expected argument for flag '${/--[a-z-]+/.exec(quoted)?.[0] ?? quoted}'`;
    case "commander.unknownOption": {
      const [flag, value] = quoted.split("=");
      if (value !== undefined && (flag === "--debug" || flag === "--no-debug")) {
        return `unexpected ${value}`;
      }
      return quoted.startsWith("--")
        ? `unknown long flag '${flag}'`
        : `unknown short flag '${quoted}'`;
    }
    default:
      return message.replace(/^error: /, "").replace(/\.$/, "");
  }
}
