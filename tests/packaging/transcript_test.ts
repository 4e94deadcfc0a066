/** The transcript on the installation page is what happens. */

import assert from "node:assert/strict";
import { image, playTranscript, transcriptOnPage } from "./transcript/transcript.ts";

// deno-lint-ignore no-console -- tells why tests are skipped
if (!image.ok) console.warn(`The transcript is not played: ${image.why}`);

Deno.test({
  name: "docs/install.md shows what a machine prints ('deno task transcript' writes it)",
  ignore: !image.ok,
  fn: async () => {
    // Addresses of other lengths break lines elsewhere.
    const words = (text: string) => text.replace(/\s+/g, " ");
    assert.equal(words(await transcriptOnPage()), words(await playTranscript()));
  },
});
