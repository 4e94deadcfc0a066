/** The text of a release: its section of CHANGELOG.md. */

import { BuildError } from "../build/fail.ts";

/**
 * The section of `version`, without its heading. A pre-release has the section of its release, unless it
 * has one of its own.
 *
 * @throws {BuildError} when there is none, or nothing in it
 */
export function releaseNotes(changelog: string, version: string): string {
  const sections = changelog.split(/^## /m).slice(1).map((section) => {
    const [heading = "", ...lines] = section.split("\n");
    return { version: /^\[?v?([^\s\]]+)/.exec(heading)?.[1], text: lines.join("\n").trim() };
  });
  const find = (wanted: string) => sections.find((section) => section.version === wanted);
  const found = find(version) ?? find(version.replace(/-.*$/, ""));
  if (found === undefined) {
    throw new BuildError(`CHANGELOG.md has no section '## ${version}': write what is new`);
  }
  if (found.text === "") {
    throw new BuildError(`the section '## ${version}' of CHANGELOG.md is empty`);
  }
  return `${found.text}\n`;
}

/** Whether a version is a pre-release, such as 1.2.3-rc.1, which must not become "latest". */
export function isPrerelease(version: string): boolean {
  return version.includes("-");
}
