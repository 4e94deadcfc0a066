/**
 * The built-in HTML templates: the facts of the text part, set as tables with inline styles, which
 * is what mail clients render alike. The tables of facts are real tables to a screen reader. Nothing is loaded from elsewhere. Classes serve only the
 * clients that know dark mode; all others show the inline colours.
 */

const FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;";
const MONO = "font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;";

const DARK_MODE = `\
:root { color-scheme: light dark; supported-color-schemes: light dark; }
@media (prefers-color-scheme: dark) {
  .page { background: #14171c !important; }
  .card { background: #1f242c !important; border-color: #3a424e !important; }
  .text { color: #edf0f4 !important; }
  .soft { color: #aab4c2 !important; }
  .line { border-color: #3a424e !important; }
  .code { background: #14171c !important; color: #edf0f4 !important; border-color: #3a424e !important; }
}`;

/** Dark text on a light tint of the same hue: contrast above 7:1 (WCAG 2.2 §1.4.6) in both modes. */
const BADGE_COLOURS = {
  APPROVED: "background:#d9f2e1;color:#0b4f25;",
  PROMOTED: "background:#d9f2e1;color:#0b4f25;",
  DENIED: "background:#fde0de;color:#7d1410;",
  PENDING: "background:#fdf0cf;color:#5c3c00;",
} as const;

const OTHER_BADGE = "background:#e4e8ee;color:#333c49;";

/** A pill with emoji and word, so that nothing depends on the colour alone. */
function badge(of: "status" | "review"): string {
  const cases = Object.entries(BADGE_COLOURS)
    .map(([state, style]) => `{% when "${state}" %}${style}`).join("");
  const colours = `{% case ${of}.state %}${cases}{% else %}${OTHER_BADGE}{% endcase %}`;
  return `<span style="display:inline-block;padding:4px 12px;border-radius:14px;font-size:14px;` +
    `font-weight:600;line-height:20px;${colours}">{{ ${of}.emoji }} {{ ${of}.state }}</span>`;
}

function row(name: string, value: string, options: { readonly code?: boolean } = {}): string {
  const valueFont = options.code ? `${MONO}font-size:13px;` : "font-size:15px;";
  return `\
<tr>
<th scope="row" align="left" valign="top" class="soft line" style="padding:9px 14px 9px 0;border-top:1px solid #e3e7ed;font-size:13px;line-height:22px;font-weight:500;color:#5a6574;white-space:nowrap;width:1%;">${name}</th>
<td valign="top" class="text line" style="padding:9px 0;border-top:1px solid #e3e7ed;${valueFont}line-height:22px;color:#1a2029;word-break:break-word;overflow-wrap:anywhere;">${value}</td>
</tr>
`;
}

const MULTILINE_REASON = "{{ reason | escape | newline_to_br | raw }}";

const ROWS = row("ID", "{{ id }}", { code: true }) +
  row("Cluster", "{{ cluster }}") +
  `{% if user %}${row("User", "{{ user }}")}{% endif %}` +
  `{% if roles %}${row("Role(s)", '{{ roles | join: ", " }}')}{% endif %}` +
  `{% if reason %}${row("Reason", MULTILINE_REASON)}{% endif %}`;

const FACTS = `\
<table width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;">
${ROWS}</table>
`;

const STATUS = `\
<p class="text" style="margin:0 0 18px;font-size:15px;line-height:24px;color:#1a2029;">${
  badge("status")
}{% if status.reason %}<br><span style="display:inline-block;padding-top:10px;overflow-wrap:anywhere;">{{ status.reason | escape | newline_to_br | raw }}</span>{% endif %}</p>
`;

const CORRECTION = `\
{% if correction %}<p class="text" style="margin:0 0 18px;font-size:15px;line-height:24px;color:#1a2029;">{{ correction }}</p>
{% endif %}`;

const REVIEW = `\
<p class="text" style="margin:0 0 18px;font-size:15px;line-height:24px;color:#1a2029;">${
  badge("review")
}</p>
<table width="100%" cellpadding="0" cellspacing="0" border="0" style="border-collapse:collapse;">
${row("Reviewer", "{{ review.author }}")}\
{% if review.created %}${row("Reviewed at", "{{ review.created }}")}{% endif %}\
{% if review.reason %}${
  row("Reason", "{{ review.reason | escape | newline_to_br | raw }}")
}{% endif %}\
</table>
`;

const BUTTON = (label: string) =>
  `\
<table role="presentation" cellpadding="0" cellspacing="0" border="0" style="margin:22px 0 4px;"><tr>
<td align="center" bgcolor="#4b2ba8" style="border-radius:6px;background:#4b2ba8;"><a href="{{ link }}" style="display:inline-block;padding:12px 22px;font-size:15px;line-height:20px;font-weight:600;color:#ffffff;text-decoration:none;border-radius:6px;">${label}</a></td>
</tr></table>
`;

const COMMAND = (name: string, command: string) =>
  `\
<p class="soft" style="margin:16px 0 6px;font-size:13px;line-height:20px;color:#5a6574;">${name}</p>
<p class="code" style="margin:0;padding:10px 12px;background:#f3f5f8;border:1px solid #e3e7ed;border-radius:6px;${MONO}font-size:12px;line-height:20px;color:#1a2029;overflow-wrap:anywhere;">${command}</p>
`;

const COMMANDS = COMMAND("Approve", "tsh request review --approve {{ id }}") +
  COMMAND("Deny", "tsh request review --deny {{ id }}");

const REVIEWER_ACTION = `\
{% if link %}{% if status.state == "PENDING" %}${BUTTON("Review the request")}{% else %}${
  BUTTON("Open the request")
}{% endif %}{% elsif status.state == "PENDING" %}${COMMANDS}{% endif %}`;

const OPEN_ACTION = `{% if link %}${BUTTON("Open the request")}{% endif %}`;

function page(heading: string, content: string): string {
  return `\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{{ cluster }} Role Request {{ id }}</title>
<style>
${DARK_MODE}
</style>
</head>
<body class="page" style="margin:0;padding:0;background:#f3f5f8;${FONT}">
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" border="0" style="background:#f3f5f8;${FONT}"><tr>
<td align="center" style="padding:24px 12px;">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:580px;"><tr>
<td class="card" align="left" style="padding:24px;background:#ffffff;border:1px solid #e3e7ed;border-radius:10px;">
<p class="soft" style="margin:0 0 6px;font-size:13px;line-height:20px;color:#5a6574;">Teleport &middot; {{ cluster }}</p>
<h1 class="text" style="margin:0 0 16px;font-size:21px;line-height:28px;font-weight:650;color:#1a2029;overflow-wrap:anywhere;">${heading}</h1>
${content}</td>
</tr></table>
</td>
</tr></table>
</body>
</html>
`;
}

export const BUILTIN_HTML = {
  "new.html": page("You have a new Role Request", STATUS + FACTS + REVIEWER_ACTION),
  "review.html": page("<bdi>{{ review.author }}</bdi> reviewed the request", REVIEW + OPEN_ACTION),
  "resolution.html": page(
    "Role Request has been resolved",
    STATUS + CORRECTION + FACTS + REVIEWER_ACTION,
  ),
  "reopened.html": page(
    "Role Request is open again",
    STATUS + CORRECTION + FACTS + REVIEWER_ACTION,
  ),
  "requester-new.html": page("Your Role Request has been submitted", STATUS + FACTS + OPEN_ACTION),
  "requester-resolution.html": page(
    "Your Role Request has been resolved",
    STATUS + CORRECTION + FACTS + OPEN_ACTION,
  ),
  "requester-reopened.html": page(
    "Your Role Request is open again",
    STATUS + CORRECTION + FACTS + OPEN_ACTION,
  ),
} as const;
