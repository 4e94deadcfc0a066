import assert from "node:assert/strict";

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

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
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
      const [light = 0, dark = 0] = [text, back]
        .map((name) => luminance(palette.get(name) ?? assert.fail(name))).sort((a, b) => b - a);
      const contrast = (light + 0.05) / (dark + 0.05);
      return contrast < 4.5 ? [`${index === 0 ? "light" : "dark"}: ${text} on ${back}`] : [];
    })
  );
  assert.deepEqual(weak, []);
});
