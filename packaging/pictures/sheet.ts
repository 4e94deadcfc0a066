/** A page that shows one email on a light and a dark display, and on a phone. */

import { inScheme } from "../../src/cli/preview/page.ts";
import { escape } from "./thread.ts";

/** Wide enough for the desktop's layout, and as wide as a phone. */
const [DESKTOP, PHONE] = [540, 360];

const STYLE = `
body { margin: 0; width: max-content; background: #fff; }
main { display: flex; align-items: stretch; }
iframe { display: block; border: 0; }
`;

/** The page; its frames have the height of the longest one once `load` has fired. */
export function sheetPage(html: string): string {
  const frames = [
    frame(DESKTOP, inScheme(html, "light")),
    frame(DESKTOP, inScheme(html, "dark")),
    frame(PHONE, inScheme(html, "light")),
  ];
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Email</title><style>${STYLE}</style></head>
<body>
<main>${frames.join("\n")}</main>
<script>
addEventListener("load", () => {
  const frames = [...document.querySelectorAll("iframe")];
  const heights = frames.map((frame) => frame.contentDocument.body.scrollHeight);
  for (const frame of frames) frame.style.height = Math.max(...heights) + "px";
});
</script>
</body>
</html>
`;
}

function frame(width: number, html: string): string {
  return `<iframe title="Email" width="${width}" srcdoc="${escape(html)}"></iframe>`;
}
