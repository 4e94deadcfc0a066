/** What is wrong with arguments, in the words of the original's parser (original.md §1.1). */

import { type Command, CommanderError, type Option } from "commander";
import { nearest } from "../config/nearest.ts";
import { type Address, parseHostPort } from "../net/address.ts";
import { PROGRAM } from "../version.ts";

/**
 * Names the first argument that is too many, as the original does.
 *
 * @throws {CommanderError} when there is one
 */
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
    if (/^--?[a-z]/.test(value)) throw missingArgument(name);
    if (seen) throw new CommanderError(1, "repeated", `flag '${name}' cannot be repeated`);
    seen = true;
    return value;
  };
}

/** Like {@linkcode once}, for values between commas; space round them does not count. */
export function listOnce(name: string): (value: string) => readonly string[] {
  const take = emptyListOnce(name);
  return (value) => {
    const items = take(value);
    if (items.length === 0) throw missingArgument(name);
    return items;
  };
}

/** Like {@linkcode listOnce}, but the list may be empty. */
export function emptyListOnce(name: string): (value: string) => readonly string[] {
  const take = once(name);
  return (value) => take(value).split(",").map((item) => item.trim()).filter((item) => item !== "");
}

/** Like {@linkcode once}, for `host:port`. */
export function addressOnce(name: string): (value: string) => Address {
  const take = once(name);
  return (value) => {
    const result = parseHostPort(take(value));
    if (result.ok && result.port) return { host: result.host, port: result.port };
    const why = result.ok ? `cannot use '${value}' as an address: must be host:port` : result.error;
    throw new CommanderError(1, "address", `flag '--${name}': ${why}`);
  };
}

/** Adds a value to those of an option that may be repeated. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function missingArgument(name: string): CommanderError {
  return new CommanderError(1, "missing", `expected argument for flag '--${name}'`);
}

/**
 * The message for what commander found, with a hint on a second line where one helps. `command` is the
 * command that the arguments name, undefined if they name none.
 */
export function explainArguments(
  error: CommanderError,
  program: Command,
  command: Command | undefined,
): readonly string[] {
  const message = messageOf(error);
  const hint = hintFor(error, program, command);
  return hint === undefined ? [message] : [message, hint];
}

function quotedIn({ message }: CommanderError): string {
  return /'([^']*)'/.exec(message)?.[1] ?? "";
}

function messageOf(error: CommanderError): string {
  const quoted = quotedIn(error);
  switch (error.code) {
    case "commander.unknownCommand":
      return `expected command but got "${quoted}"`;
    case "commander.optionMissingArgument":
      return `expected argument for flag '${longFlag(quoted)}'`;
    case "commander.missingArgument":
      return `expected argument <${quoted}>`;
    case "commander.invalidArgument":
      return invalidValue(error);
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
      return error.message.replace(/^error: /, "").replace(/\.$/, "");
  }
}

function longFlag(flags: string): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

/** `option '--kind <kind>' argument 'x' is invalid. Allowed choices are a, b.` and the like. */
function invalidValue({ message }: CommanderError): string {
  const [, flags, ofOption, ofArgument, name, choices] =
    /^error: (?:option '([^']*)' argument '(.*)'|command-argument value '(.*)') is invalid(?: for argument '([^']*)')?\. Allowed choices are (.*)\.$/s
      .exec(message) ?? [];
  if (choices === undefined) return message.replace(/^error: /, "").replace(/\.$/, "");
  const value = ofOption ?? ofArgument ?? "";
  const what = flags === undefined ? `argument <${name}>` : `flag '${longFlag(flags)}'`;
  const guess = nearest(value, choices.split(", "));
  const hint = guess === undefined ? "" : `: did you mean '${guess}'?`;
  return `${what} must be one of ${choices}, current value is '${value}'${hint}`;
}

/** What to write instead, and where the right spelling is found. */
function hintFor(
  error: CommanderError,
  program: Command,
  command: Command | undefined,
): string | undefined {
  const help = program.createHelp();
  if (error.code === "commander.unknownCommand") {
    const names = help.visibleCommands(program).map((known) => known.name());
    const wanted = quotedIn(error);
    return withGuess(nearest(wanted, names), `'${PROGRAM} help' lists the commands`);
  }
  const owner = command === undefined ? "" : ` ${command.name()}`;
  const lists = `'${PROGRAM} help${owner}' lists the ${command ? "flags" : "commands"}`;
  if (error.code === "commander.unknownOption") {
    const [flag = ""] = quotedIn(error).split("=");
    const known = help.visibleOptions(command ?? program).flatMap(longName);
    const guess = flag.startsWith("--") ? nearest(flag, known) : undefined;
    return withGuess(guess === flag ? undefined : guess, lists);
  }
  return error.code === "commander.missingArgument" || error.code === "excess" ? lists : undefined;
}

function longName({ long }: Option): readonly string[] {
  return long === undefined || long === null ? [] : [long];
}

function withGuess(guess: string | undefined, lists: string): string {
  return guess === undefined ? lists : `did you mean '${guess}'? ${lists}`;
}
