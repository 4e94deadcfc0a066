import assert from "node:assert/strict";
import { contrast } from "../../../sim/testing/contrast.ts";
import { BADGES, BUTTON_TEXT, DARK, LIGHT, OTHER_BADGE } from "./palette.ts";

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
