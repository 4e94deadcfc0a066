import assert from "node:assert/strict";
import { BADGES, BUTTON_TEXT, DARK, LIGHT, OTHER_BADGE } from "./palette.ts";

/** Relative luminance (WCAG 2.2, "relative luminance"). */
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [light, dark] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

Deno.test("The palette has a contrast of 4.5:1 at least wherever text is drawn (WCAG 2.2 §1.4.3)", () => {
  const pairs: [string, string, string][] = [LIGHT, DARK].flatMap((
    p,
  ): [string, string, string][] => [
    ["text on card", p.text, p.card],
    ["soft on card", p.soft, p.card],
    ["soft on page", p.soft, p.page],
    ["text on code", p.text, p.code],
    ["link on card", p.link, p.card],
    ["button", BUTTON_TEXT, p.button],
  ]);
  for (const [state, badge] of Object.entries({ ...BADGES, other: OTHER_BADGE })) {
    pairs.push([`badge ${state}`, badge.text, badge.background]);
  }
  for (const [where, text, background] of pairs) {
    assert.ok(contrast(text, background) >= 4.5, `${where}: ${contrast(text, background)}`);
  }
});
