/** One page that shows emails as desktop, phone, dark display and plain text side by side. */

import type { MailContent } from "../../mail/content/compose.ts";

/** An email with the title of its section. */
export interface PreviewedMail {
  /** The kind of email, such as `approved`. */
  readonly title: string;
  readonly content: MailContent;
}

const STYLE = `
body { margin: 0; background: #e9ecf1; color: #1a2029; font: 15px/22px system-ui, sans-serif; }
nav, section { padding: 16px 24px; }
nav a { margin-right: 12px; }
h2 { margin: 0; font-size: 18px; }
.panels { display: flex; gap: 16px; overflow-x: auto; padding: 12px 0; align-items: flex-start; }
figure { margin: 0; flex: none; }
figcaption { font-size: 13px; color: #566070; }
iframe { display: block; border: 1px solid #c5ccd6; background: #fff; height: 640px; }
pre { margin: 0; padding: 14px; width: 480px; background: #fff; border: 1px solid #c5ccd6;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: 13px; line-height: 19px; }
`;

/** Frames run no scripts; the page measures them, so that whole emails are seen. */
const FIT = `
for (const frame of document.querySelectorAll("iframe")) {
  const fit = () => frame.style.height = frame.contentDocument.documentElement.scrollHeight + "px";
  frame.addEventListener("load", fit);
  if (frame.contentDocument?.readyState === "complete") fit();
}
`;

/** The page as HTML; it loads nothing. */
export function previewPage(mails: readonly PreviewedMail[]): string {
  const links = mails.map(({ title }) => `<a href="#${escape(title)}">${escape(title)}</a>`);
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Emails of teleport-email</title>
<style>${STYLE}</style>
</head>
<body>
<nav>${links.join("\n")}</nav>
${mails.map(section).join("\n")}
<script>${FIT}</script>
</body>
</html>
`;
}

function section({ title, content: { subject, text, html = "" } }: PreviewedMail): string {
  return `<section id="${escape(title)}">
<h2>${escape(title)}</h2>
<p>Subject: ${escape(subject)}</p>
<div class="panels">
${frame("Desktop", 700, inScheme(html, "light"))}
${frame("Phone", 375, inScheme(html, "light"))}
${frame("Dark", 700, inScheme(html, "dark"))}
<figure><figcaption>Plain text</figcaption><pre>${escape(text)}</pre></figure>
</div>
</section>`;
}

function frame(name: string, width: number, html: string): string {
  return `<figure><figcaption>${name}</figcaption><iframe title="${name}" width="${width}" ` +
    `sandbox="allow-same-origin" srcdoc="${escape(html)}"></iframe></figure>`;
}

/** Whatever the reader's own display is. */
export function inScheme(html: string, scheme: "light" | "dark"): string {
  const query = scheme === "dark" ? "@media all" : "@media not all";
  return html.replaceAll("@media (prefers-color-scheme: dark)", query);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
