/** The command line of `deno task build`. */

import { parseArgs } from "node:util";
import { BuildError } from "./fail.ts";
import { type Target, TARGETS } from "./target.ts";

export const FORMS = ["compiled", "runtime"] as const;
export type Form = typeof FORMS[number];

export interface BuildOptions {
  readonly targets: readonly Target[];
  readonly form: Form;
  /** Build twice, and compare. */
  readonly verify: boolean;
  /** No commit in the version. */
  readonly release: boolean;
  /** Where the results go. */
  readonly out: string;
}

export const USAGE = `Usage: deno task build [options]

  --target x86_64|aarch64|all   which machines it is for (default: this one)
  --form compiled|runtime       one executable, or a launcher with Deno beside it (default: compiled)
  --verify                      build everything twice, and compare (not the code caches)
  --release                     leave the commit out of the version
  --out FOLDER                  where the results go (default: dist)
`;

/** The options, or `help`. */
export function parseOptions(args: readonly string[]): BuildOptions | "help" {
  const values = parse(args);
  if (values.help === true) return "help";
  const arches = TARGETS.map(({ arch }) => arch);
  const target = oneOf("--target", values.target ?? Deno.build.arch, [...arches, "all"]);
  return {
    targets: TARGETS.filter(({ arch }) => target === "all" || target === arch),
    form: oneOf("--form", values.form ?? "compiled", FORMS),
    verify: values.verify === true,
    release: values.release === true,
    out: values.out ?? "dist",
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        target: { type: "string" },
        form: { type: "string" },
        verify: { type: "boolean" },
        release: { type: "boolean" },
        out: { type: "string" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    throw new BuildError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

function oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new BuildError(`${name} is '${value}': it must be one of ${choices.join(", ")}`);
}
