import assert from "node:assert/strict";
import { contrast } from "../../testing/contrast.ts";

type Palette = ReadonlyMap<string, string>;

/** The variables of the light and of the dark display, in the order of the style sheet. */
async function palettes(): Promise<readonly Palette[]> {
  const css = await Deno.readTextFile(new URL("page/style.css", import.meta.url));
  return [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, block = ""]) =>
    new Map(
      [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name = "", colour = ""]) =>
        [name, colour] as const
      ),
    )
  );
}

/** Text and what it stands on. */
const PAIRS = [
  ...["page", "card", "sunken", "tint"].map((back) => ["text", back]),
  ...["page", "card", "sunken", "tint"].map((back) => ["soft", back]),
  ...["card", "tint", "page"].map((back) => ["accent", back]),
  ...["accent", "good", "bad", "wait", "other"].map((back) => [`on-${back}`, back]),
  ...["light-good", "light-bad", "warn"].map((colour) => [colour, "card"]),
] as const;

Deno.test("The page's text has a contrast of 4.5:1, light and dark (WCAG 2.2 §1.4.3)", async () => {
  const found = await palettes();
  assert.equal(found.length, 2);
  const weak = found.flatMap((palette, index) =>
    PAIRS.flatMap(([text = "", back = ""]) => {
      const [front, behind] = [text, back].map((name) => palette.get(name) ?? assert.fail(name));
      const isWeak = contrast(front ?? "", behind ?? "") < 4.5;
      return isWeak ? [`${index === 0 ? "light" : "dark"}: ${text} on ${back}`] : [];
    })
  );
  assert.deepEqual(weak, []);
});
