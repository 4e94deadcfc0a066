/**
 * What the release workflow asks for:
 *
 *   command.ts notes VERSION                     prints the release's text
 *   command.ts chart VERSION REPOSITORY IMAGE    fills in the chart, in its place
 */

import { releasedChart, releasedValues } from "./chart.ts";
import { releaseNotes } from "./notes.ts";
import { BuildError } from "../build/fail.ts";

const ROOT = new URL("../../", import.meta.url);
const CHART = new URL("packaging/chart/teleport-plugin-email/", ROOT);

async function main([command, version = "", repository = "", image = ""]: readonly string[]) {
  if (command === "notes") {
    const changelog = await Deno.readTextFile(new URL("CHANGELOG.md", ROOT));
    const text = releaseNotes(changelog, version);
    return void await Deno.stdout.write(new TextEncoder().encode(text));
  }
  if (command !== "chart" || image === "") {
    throw new BuildError("usage: command.ts notes VERSION | chart VERSION REPOSITORY IMAGE");
  }
  const release = { version, repository, image };
  for (
    const [name, change] of [["Chart.yaml", releasedChart], [
      "values.yaml",
      releasedValues,
    ]] as const
  ) {
    const path = new URL(name, CHART);
    await Deno.writeTextFile(path, change(await Deno.readTextFile(path), release));
  }
}

try {
  await main(Deno.args);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  await Deno.stderr.write(new TextEncoder().encode(`release: error: ${error.message}\n`));
  Deno.exit(1);
}
