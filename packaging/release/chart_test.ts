import assert from "node:assert/strict";
import { parse } from "yaml";
import { releasedChart, releasedValues } from "./chart.ts";

const CHART = new URL("../chart/teleport-plugin-email/", import.meta.url);
const RELEASE = {
  version: "1.2.3-rc.1",
  repository: "https://github.com/owner/repository",
  image: `ghcr.io/owner/teleport-plugin-email@sha256:${"0".repeat(64)}`,
};

Deno.test("releasedChart() names the repository, the image and what kind of release it is", async () => {
  const text = await Deno.readTextFile(new URL("Chart.yaml", CHART));
  const chart = parse(releasedChart(text, RELEASE));
  assert.deepEqual([chart.version, chart.appVersion], [RELEASE.version, RELEASE.version]);
  assert.deepEqual([chart.home, chart.sources], [RELEASE.repository, [RELEASE.repository]]);
  const { annotations } = chart;
  assert.deepEqual(parse(annotations["artifacthub.io/images"])[0].image, RELEASE.image);
  assert.equal(annotations["artifacthub.io/prerelease"], "true");
  assert.equal(annotations["artifacthub.io/license"], "Apache-2.0");
});

Deno.test("releasedValues() makes the release's image the default, and changes nothing else", async () => {
  const text = await Deno.readTextFile(new URL("values.yaml", CHART));
  const [before, after] = [parse(text), parse(releasedValues(text, RELEASE))];
  assert.equal(after.image.repository, "ghcr.io/owner/teleport-plugin-email");
  after.image.repository = before.image.repository;
  assert.deepEqual(after, before);
});
