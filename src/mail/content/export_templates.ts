/** The built-in templates as files, to begin one's own with. */

import { variablesTable } from "./data_model.ts";
import { TEMPLATE_FILES, TEMPLATE_SOURCES, type TemplateFile } from "./templates.ts";

/** What each email is, by the name of its template without `.txt` or `.html`. */
const ABOUT: Readonly<Record<string, string>> = {
  "subject": "The subject of every email of a thread. Some mail programs group by equal subjects.",
  "new": "A new request, to reviewers.",
  "review": "A review, to reviewers and to the requester (`audience`).",
  "resolution": "Approved, denied, expired or promoted (`status.state`), to reviewers.",
  "reopened": "A request that an earlier email called expired is open, to reviewers.",
  "reminder": "A pending request still waits for the reader's review, to reviewers.",
  "requester-new": "Confirmation, to the requester.",
  "requester-resolution": "The decision, to the requester.",
  "requester-reopened": "A request that an earlier email called expired is open, to the requester.",
  "access-list-review": "Access lists are due for review, to their owners.",
  "access-list-review-subject": "The subject of that email.",
  "requester-access-ending": "The granted access ends soon, to the requester.",
};

const README = `# Templates

Built-in templates of teleport-email, to be changed: name this directory in \`templates.directory\`, and
delete the files that you leave as they are. They are [Liquid](https://liquidjs.com) templates; look at
them with \`teleport-email preview\`.

A value that is not given is null, so \`{% if reason %}\` works. An unknown variable is an error. In HTML
files values are escaped.

${variablesTable()}`;

/** Every file of an export, by name: the templates with a comment each, and a page about their data. */
export function exportedTemplates(): ReadonlyMap<string, string> {
  const templates = TEMPLATE_FILES.map((name): [string, string] => [name, commented(name)]);
  return new Map([...templates, ["README.md", README]]);
}

/** The comment leaves nothing behind: what is exported gives the same mail. */
function commented(name: TemplateFile): string {
  const about = ABOUT[name.replace(/\.\w+$/, "")] ?? "";
  return `{% comment %} ${about} README.md has the variables. {% endcomment -%}\n` +
    `${TEMPLATE_SOURCES[name]}\n`;
}
