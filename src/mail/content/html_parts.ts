/**
 * Parts of the built-in HTML templates: tables with inline styles, which is what mail programs render
 * alike. Classes serve dark mode and phones only; programs without style sheets show the inline styles,
 * and without any styles the parts read in order. Nothing is loaded from elsewhere.
 */

import {
  type Badge,
  BADGES,
  BUTTON_TEXT,
  type ColourRole,
  DARK,
  LIGHT,
  OTHER_BADGE,
  type Palette,
} from "./palette.ts";

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
const MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;";
const SMALL = `font-size:13px;line-height:20px;color:${LIGHT.soft};`;
const BODY = `font-size:15px;line-height:23px;color:${LIGHT.text};`;
/** Long words and addresses must not widen the page. */
const WRAP = "word-break:break-word;overflow-wrap:anywhere;";

const PROPERTIES: Readonly<Record<ColourRole, string>> = {
  page: "background",
  card: "background",
  text: "color",
  soft: "color",
  line: "border-color",
  code: "background",
  button: "background",
  link: "color",
  rule: "border-color",
};

function rules(palette: Palette, prefix = ""): string {
  return Object.entries(PROPERTIES).map(([role, property]) =>
    `${prefix}.${role} { ${property}: ${palette[role as ColourRole]} !important; }`
  ).join("\n");
}

/** Outlook.com drops media queries and marks dark mode by an attribute of its own. */
const STYLE_SHEET = `\
:root { color-scheme: light dark; supported-color-schemes: light dark; }
summary { cursor: pointer; }
@media (max-width: 480px) {
.frame { padding: 0 !important; }
.card { padding: 18px 16px !important; border-radius: 0 !important; }
.fact th, .fact td { display: block !important; width: auto !important; }
.fact th { padding: 10px 0 0 !important; }
.fact td { padding: 0 0 10px !important; border-top: 0 !important; }
.action { width: 100% !important; }
.action a { display: block !important; }
}
@media (prefers-color-scheme: dark) {
${rules(DARK)}
}
${rules(DARK, "[data-ogsc] ")}`;

/** Fills what mail programs show behind the preheader in their lists, where the body would follow. */
const PREHEADER_FILLER = "&#847;&zwnj;&nbsp;".repeat(40);

/** A whole page; `content` comes below the heading. */
export function page(
  heading: string,
  content: string,
  title = "Teleport {{ request_type }}",
): string {
  return `\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no">
<title>${title}</title>
<style>
${STYLE_SHEET}
</style>
{% if action %}<script type="application/ld+json">{{ action | raw }}</script>
{% endif %}</head>
<body class="page" style="margin:0;padding:0;background:${LIGHT.page};${FONT}">
<div style="display:none;max-height:0;overflow:hidden;mso-hide:all;">{{ preheader }}${PREHEADER_FILLER}</div>
<table role="none" class="page" style="width:100%;table-layout:fixed;border-collapse:collapse;background:${LIGHT.page};${FONT}"><tbody><tr>
<td class="frame" style="padding:24px 12px;text-align:center;">
<table role="none" style="width:600px;max-width:100%;margin:0 auto;border-collapse:separate;border-spacing:0;text-align:left;"><tbody><tr>
<td class="card line" style="padding:26px 28px;background:${LIGHT.card};border:1px solid ${LIGHT.line};border-radius:10px;">
<p class="soft" style="margin:0 0 6px;${SMALL}">Teleport &middot; <bdi>{{ cluster }}</bdi></p>
<h1 class="text" style="margin:0 0 14px;font-size:21px;line-height:28px;font-weight:650;color:${LIGHT.text};${WRAP}">${heading}</h1>
${content}</td>
</tr></tbody></table>
</td>
</tr></tbody></table>
</body>
</html>
`;
}

/** A pill with emoji and word, so that nothing depends on the colour alone. */
export function badge(of: "status" | "review"): string {
  const style = ({ background, text }: Badge) => `background:${background};color:${text};`;
  const cases = Object.entries(BADGES)
    .map(([state, colours]) => `{% when "${state}" %}${style(colours)}`).join("");
  const colours = `{% case ${of}.state %}${cases}{% else %}${style(OTHER_BADGE)}{% endcase %}`;
  return `<span style="display:inline-block;padding:4px 12px;border-radius:14px;font-size:14px;` +
    `font-weight:600;line-height:20px;${colours}">{{ ${of}.emoji }} {{ ${of}.state }}</span>`;
}

/** Text of several lines, as its author wrote them. */
export function multiline(variable: string): string {
  return `<span dir="auto">{{ ${variable} | escape | newline_to_br | replace: "<br />", "<br>" | raw }}</span>`;
}

export function paragraph(content: string): string {
  return `<p class="text" style="margin:0 0 16px;${BODY}${WRAP}">${content}</p>\n`;
}

/** Lines that are no paragraph, such as the items of a list. */
export function block(content: string): string {
  return `<div class="text" style="margin:0 0 16px;${BODY}${WRAP}">${content}</div>\n`;
}

export function link(href: string, label: string): string {
  return `<a class="link" href="${href}" style="color:${LIGHT.link};">${label}</a>`;
}

/** A text that a user wrote, set apart from our own. */
export function quote(content: string): string {
  return `\
<table role="none" style="width:100%;border-collapse:collapse;margin:0 0 16px;"><tbody><tr>
<td class="text rule" style="padding:2px 0 2px 14px;border-left:3px solid ${LIGHT.rule};${BODY}${WRAP}">${content}</td>
</tr></tbody></table>
`;
}

/** Rows of facts: to a screen reader a table, with a header for each row. */
export function facts(...rows: readonly string[]): string {
  return `\
<table style="width:100%;border-collapse:collapse;margin:0 0 8px;"><tbody>
${rows.join("")}</tbody></table>
`;
}

/** A row, which is left out when the variable `given` is null. */
export function row(
  name: string,
  value: string,
  { given, code = false }: { readonly given?: string; readonly code?: boolean } = {},
): string {
  const font = code ? `${MONO}font-size:13px;` : "font-size:15px;";
  const cells = `\
<tr class="fact">
<th scope="row" class="soft line" style="padding:9px 14px 9px 0;border-top:1px solid ${LIGHT.line};font-size:13px;line-height:22px;font-weight:500;color:${LIGHT.soft};text-align:left;vertical-align:top;width:140px;">${name}</th>
<td class="text line" style="padding:9px 0;border-top:1px solid ${LIGHT.line};${font}line-height:22px;color:${LIGHT.text};vertical-align:top;${WRAP}">${value}</td>
</tr>
`;
  return given === undefined ? cells : `{% if ${given} %}${cells}{% endif %}`;
}

export function soft(content: string): string {
  return `<span class="soft" style="font-size:13px;color:${LIGHT.soft};">${content}</span>`;
}

export function mono(content: string): string {
  return `<span class="soft" style="${MONO}font-size:12px;color:${LIGHT.soft};">${content}</span>`;
}

/**
 * The one button. Outlook pads table cells and not links, hence `mso-padding-alt`; everywhere else the
 * whole area is the link.
 */
export function button(label: string): string {
  return `\
<table role="none" class="action" style="border-collapse:separate;border-spacing:0;margin:0 0 18px;"><tbody><tr>
<td class="button" style="background:${LIGHT.button};border-radius:6px;mso-padding-alt:12px 24px;text-align:center;"><a href="{{ link }}" style="display:inline-block;padding:12px 24px;font-size:15px;line-height:20px;font-weight:600;color:${BUTTON_TEXT};text-decoration:none;">${label}</a></td>
</tr></tbody></table>
`;
}

/** A command in a block of its own: one click selects all of it. */
export function command(name: string, text: string): string {
  return `\
<p class="soft" style="margin:0 0 5px;${SMALL}">${name}</p>
<pre class="code text line" style="margin:0 0 16px;padding:10px 12px;background:${LIGHT.code};border:1px solid ${LIGHT.line};border-radius:6px;${MONO}font-size:13px;line-height:20px;color:${LIGHT.text};white-space:pre-wrap;${WRAP}-webkit-user-select:all;user-select:all;">${text}</pre>
`;
}

/** Content that a click opens; programs that do not know this show all of it. */
export function folded(summary: string, content: string): string {
  return `\
<details style="margin:18px 0 0;">
<summary class="soft" style="padding:4px 0;${SMALL}">${summary}</summary>
${content}</details>
`;
}
