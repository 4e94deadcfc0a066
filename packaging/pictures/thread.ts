/** A page that shows the emails of one request as a mail program shows a thread. */

/** An email of the thread, as the program renders it. */
export interface ThreadEmail {
  /** What happens in it, above the email. */
  readonly title: string;
  /** When it arrives. */
  readonly time: string;
  readonly html: string;
}

const EMAIL_WIDTH = 384;

/** The background of the emails, so that their cards stand on one page. */
const STYLE = `
:root { color-scheme: light dark; --back: #f3f5f8; --text: #1a2029; --soft: #5a6574; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171c; --text: #edf0f4; --soft: #aab4c2; }
}
body { margin: 0; width: max-content; background: var(--back); color: var(--text);
  font: 15px/22px Roboto, "Segoe UI", sans-serif; }
header { padding: 26px 34px 0; }
h1 { margin: 0; font-size: 20px; line-height: 28px; font-weight: 600; }
header p { margin: 2px 0 0; color: var(--soft); font-size: 14px; }
main { display: flex; padding: 20px 22px 4px; align-items: flex-start; }
figure { margin: 0; width: ${EMAIL_WIDTH}px; }
figcaption { display: flex; align-items: baseline; justify-content: space-between;
  padding: 0 14px; font-weight: 600; }
figcaption time { color: var(--soft); font-size: 13px; font-weight: 400; }
iframe { display: block; width: 100%; border: 0; }
`;

/** The page; its frames have the height of their content once `load` has fired. */
export function threadPage(subject: string, emails: readonly ThreadEmail[]): string {
  const figures = emails.map(({ title, time, html }) =>
    `<figure><figcaption>${escape(title)}<time>${escape(time)}</time></figcaption>` +
    `<iframe title="${escape(title)}" srcdoc="${escape(html)}"></iframe></figure>`
  );
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escape(subject)}</title><style>${STYLE}</style></head>
<body>
<header><h1>${
    escape(subject)
  }</h1><p>Teleport &lt;teleport@example.com&gt; to dba@example.com</p></header>
<main>${figures.join("\n")}</main>
<script>
addEventListener("load", () => {
  for (const frame of document.querySelectorAll("iframe")) {
    frame.style.height = frame.contentDocument.body.scrollHeight + "px";
  }
});
</script>
</body>
</html>
`;
}

/** Text as content or attribute of HTML. */
export function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
