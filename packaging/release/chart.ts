/** What only a release knows of the chart: where it comes from, its image and what is new. */

import { parseDocument } from "yaml";
import { isPrerelease } from "./notes.ts";

export interface ChartRelease {
  readonly version: string;
  /** URL of the repository, without a slash at the end. */
  readonly repository: string;
  /** The image with its digest, `ghcr.io/owner/name@sha256:...`. */
  readonly image: string;
}

/** `Chart.yaml` for the release, with the annotations that Artifact Hub reads. */
export function releasedChart(chart: string, release: ChartRelease): string {
  const { version, repository, image } = release;
  const document = parseDocument(chart);
  document.commentBefore = null;
  document.set("version", version);
  document.set("appVersion", version);
  document.set("home", repository);
  document.set("sources", [repository]);
  const annotations = {
    "artifacthub.io/images": `- name: teleport-plugin-email\n  image: ${image}\n`,
    "artifacthub.io/changes": `- ${repository}/releases/tag/v${version}\n`,
    "artifacthub.io/prerelease": String(isPrerelease(version)),
    "artifacthub.io/links":
      `- name: Runbook\n  url: ${repository}/blob/v${version}/docs/operate/alerts.md\n`,
  };
  for (const [name, value] of Object.entries(annotations)) {
    document.setIn(["annotations", name], value);
  }
  return document.toString({ lineWidth: 0 });
}

/** `values.yaml` for the release: the image is the default, by tag and not by digest. */
export function releasedValues(values: string, { image }: ChartRelease): string {
  const [repository = ""] = image.split("@");
  return values.replace(
    / *# The image\. There is no public one yet.*\n( *)repository: .*/,
    `$1# The image.\n$1repository: ${repository}`,
  );
}
