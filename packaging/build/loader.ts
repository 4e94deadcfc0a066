/**
 * The loader of the runtime form: the module that Deno runs. Deno reads a module a first time to see what
 * it imports, and forgets that where it has no cache, which takes 0.2 s and keeps 50 MB for the whole
 * program. So the program is a script, which the loader reads once, and whose functions V8 takes from a
 * code cache (docs/internals/decisions/packaging.md, "The runtime form carries a code cache").
 */

/** The name of the loader. */
export const LOADER_NAME = "teleport-email.js";
/** The program: an expression, the function of the three things that a CommonJS module gets. */
export const SCRIPT = "teleport-email.cjs";
/** Checksum of the script, checksum of what follows (CRC-32, little-endian), V8's code cache of the script. */
export const CODE_CACHE = "teleport-email.cache";

/** Makes the script of a CommonJS module. */
export function scriptOf(commonJs: string): string {
  return `(function (exports, require, module) {${commonJs}\n})`;
}

/**
 * V8 checks that a code cache comes from its own version, but neither whether it is damaged nor whether it
 * belongs to the script, as after an upgrade that stopped halfway: that is what the checksums are for.
 * The script requires modules of the runtime alone; the runtime's own `require` takes longer to load.
 */
const COMPILE = `const { Script } = process.getBuiltinModule("node:vm");
const { crc32 } = process.getBuiltinModule("node:zlib");
const HEADER = 8;

function compile() {
  const bytes = Deno.readFileSync(import.meta.dirname + "/${SCRIPT}");
  const cachedData = codeCacheFor(bytes);
  return new Script(new TextDecoder().decode(bytes), { filename: "${SCRIPT}", cachedData });
}

function codeCacheFor(script) {
  let cache;
  try {
    cache = Deno.readFileSync(import.meta.dirname + "/${CODE_CACHE}");
  } catch {
    return undefined;
  }
  if (cache.length < HEADER) return undefined;
  const header = new DataView(cache.buffer);
  const code = cache.subarray(HEADER);
  const isWhole = header.getUint32(0, true) === crc32(script) && header.getUint32(4, true) === crc32(code);
  return isWhole ? code : undefined;
}

function require(name) {
  // commander asks for it at its start; the program has no right to run others.
  if (name === "node:child_process") return {};
  const module = process.getBuiltinModule(name);
  if (module === undefined) throw new Error("Cannot find module '" + name + "'");
  return module;
}

function run(script) {
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module);
}
`;

/** A module: the loader. */
export const LOADER = `${COMPILE}
run(compile());
`;

/**
 * A loader that records: when the program exits, it writes the code cache of the functions that have run to
 * `path`.
 */
export function recorder(path: string): string {
  return `${COMPILE}
const script = compile();
const { exit } = Deno;
Deno.exit = (code) => {
  const compiled = script.createCachedData();
  const cache = new Uint8Array(HEADER + compiled.length);
  const header = new DataView(cache.buffer);
  header.setUint32(0, crc32(Deno.readFileSync(import.meta.dirname + "/${SCRIPT}")), true);
  header.setUint32(4, crc32(compiled), true);
  cache.set(compiled, HEADER);
  Deno.writeFileSync(${JSON.stringify(path)}, cache);
  exit(code);
};
run(script);
`;
}
