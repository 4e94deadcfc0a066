/** The licences of what is in the program, which ask for their texts to be passed on. */

import { licenceFiles, licenceOf, type Package } from "./packages.ts";

const RULE = "=".repeat(80);

const HEAD = `Third-party software in teleport-email
`;

/** Deno's own (github.com/denoland/deno), which is in no package; it is the MIT licence. */
const DENO = `MIT License

Copyright 2018-2026 the Deno authors

Permission is hereby granted, free of charge, to any person obtaining a copy of
this software and associated documentation files (the "Software"), to deal in
the Software without restriction, including without limitation the rights to
use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of
the Software, and to permit persons to whom the Software is furnished to do so,
subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS
FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`;

export async function licences(packages: readonly Package[], denoVersion: string): Promise<string> {
  const sections = await Promise.all(packages.map(section));
  const deno = `deno ${denoVersion} (MIT), with V8 and the parts that its own repository lists`;
  return [HEAD, ...[`${deno}\n\n${DENO}\n`, ...sections].map((text) => `${RULE}\n${text}`)].join(
    "\n",
  );
}

async function section(entry: Package): Promise<string> {
  const { name, version, inlinedBy } = entry;
  const inlined = inlinedBy === undefined ? "" : `, in ${inlinedBy}`;
  const texts = await Promise.all(
    (await licenceFiles(entry)).map((path) => Deno.readTextFile(path)),
  );
  const text = texts.length > 0
    ? texts.map((text) => text.replaceAll("\r\n", "\n").trim()).join("\n\n")
    : "The package holds no text of its licence.";
  return `${name} ${version} (${await licenceOf(entry)}${inlined})\n\n${text}\n`;
}
