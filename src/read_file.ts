/**
 * Reading files without standing still. `Deno.readFile()` and `Deno.readTextFile()` open the file on the
 * main thread, where a named pipe without a writer stops everything, signals included
 * (docs/internals/decisions/runtime.md).
 */

/**
 * The content of a file. Waits for a named pipe as long as it takes, which the caller has to bound.
 *
 * @throws the errors of `Deno.open()` and of reading
 */
export async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = await Deno.open(path);
  return await new Response(file.readable).bytes();
}

/** The content of a file as text, like {@linkcode readBytes}. Invalid UTF-8 is replaced by U+FFFD. */
export async function readText(path: string): Promise<string> {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(await readBytes(path));
}
