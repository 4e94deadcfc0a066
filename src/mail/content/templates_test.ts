import assert from "node:assert/strict";
import { composeMail } from "./compose.ts";
import { parseTemplate } from "./engine.ts";
import { sampleData } from "./sample_data.ts";
import { templateScope } from "./scope.ts";
import { loadTemplates, sampleScope, TEMPLATE_FILES, TEMPLATE_SOURCES } from "./templates.ts";

/** Loads templates from a directory with these files. */
async function loadFiles(files: Readonly<Record<string, string>>) {
  const directory = await Deno.makeTempDir();
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${directory}/${name}`, text);
    }
    const result = await loadTemplates(directory);
    const short = (lines: readonly string[]) => lines.map((line) => line.replace(directory, "DIR"));
    return result.ok
      ? { ...result, errors: [], warnings: short(result.warnings) }
      : { ...result, errors: short(result.errors), warnings: short(result.warnings) };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("loadTemplates() overrides file by file", async () => {
  const loaded = await loadFiles({
    "subject.txt": "[{{ cluster }}]\r\n{{ user }}\r\n",
    "new.txt": "{{ roles | join: '+' }} {{ reason }}\n",
    "..data": "",
  });
  assert.ok(loaded.ok);
  assert.deepEqual(loaded.warnings, []);
  const facts = { ...sampleData("new"), reason: "a <b>" };
  const mail = composeMail(facts, loaded.templates);
  assert.equal(mail.subject, "[example.teleport.sh] alice@example.com");
  assert.equal(mail.text, "dev+dba a <b>");
  assert.match(mail.html ?? "", /a &lt;b&gt;/);
  const other = composeMail(sampleData("resolution"), loaded.templates);
  assert.match(other.text, /^Role Request has been resolved:/);
});

Deno.test("composeMail() limits the subject of an override to one short line", async () => {
  const loaded = await loadFiles({ "subject.txt": "{{ reason }}" });
  assert.ok(loaded.ok);
  const reason = `a\nBcc: eve@example.com\u202e${"x".repeat(1000)}`;
  const { subject } = composeMail({ ...sampleData("new"), reason }, loaded.templates);
  assert.match(subject, /^a Bcc: eve@example\.com\\u\{202e\}x+… \(\d+ more characters\)$/);
  assert.ok(subject.length < 300);
});

Deno.test("loadTemplates() escapes in HTML overrides only", async () => {
  const loaded = await loadFiles({ "new.html": "<p>{{ reason }}</p>", "new.txt": "{{ reason }}" });
  assert.ok(loaded.ok);
  const mail = composeMail({ ...sampleData("new"), reason: "<b>" }, loaded.templates);
  assert.equal(mail.html, "<p>&lt;b&gt;</p>");
  assert.equal(mail.text, "<b>");
});

Deno.test("loadTemplates() reports every error with file and line", async () => {
  const loaded = await loadFiles({
    "new.txt": "{{ id }}\n{% if link == 'x' %}{{ usr }} {{ status.foo }}{% endif %}",
    "new.html": "{{ id }}\n\n{{ id | shout }}",
    "review.txt": "{% include 'new.txt' %}",
    "review.html": "\n{% render '/etc/passwd' %}",
    "resolution.txt": "{% if id %}",
    "resolution.html": "{% layout 'x' %}",
  });
  assert.ok(!loaded.ok);
  assert.deepEqual(loaded.errors, [
    "Cannot use template 'DIR/new.html' line 3: undefined filter: shout",
    "Cannot use template 'DIR/new.txt' line 2: unknown variable 'usr'",
    "Cannot use template 'DIR/new.txt' line 2: unknown variable 'status.foo'",
    `Cannot use template 'DIR/resolution.html' line 1: tag "layout" not found`,
    "Cannot use template 'DIR/resolution.txt' line 1: tag {% if id %} not closed",
    `Cannot use template 'DIR/review.html' line 2: tag "render" not found`,
    `Cannot use template 'DIR/review.txt' line 1: tag "include" not found`,
  ]);
});

Deno.test("loadTemplates() stops templates that never end or exhaust memory", async () => {
  const loaded = await loadFiles({
    "new.txt": "{% for i in (1..100000) %}{% for j in (1..100000) %}{% endfor %}{% endfor %}",
    "new.html": "{% for i in (1..1000000000) %}x{% endfor %}",
  });
  assert.ok(!loaded.ok);
  assert.match(loaded.errors.join("\n"), /new\.html.*limit exceeded\n.*new\.txt.*limit exceeded/);
});

Deno.test("An override that hits a limit is not rendered again for each mail", () => {
  const source = "{% if reason == 'long' %}{% assign a = (1..3000000) | sort %}{% endif %}{{ id }}";
  const scope = templateScope(sampleData("review"));
  const parsed = parseTemplate("new.txt", source, scope, { trusted: false });
  assert.ok(parsed.ok);
  const render = (reason: string) => parsed.template.render({ ...scope, reason });
  assert.ok(render("short").ok);
  const first = render("long");
  assert.match(first.ok ? "" : first.error, /limit exceeded/);
  assert.deepEqual(render("short"), first);
});

Deno.test("loadTemplates() warns about unknown files and refuses unreadable ones", async () => {
  const loaded = await loadFiles({ "nwe.txt": "x" });
  assert.ok(loaded.ok);
  assert.match(loaded.warnings[0] ?? "", /^Ignoring 'DIR\/nwe\.txt': not a template/);
  const missing = await loadTemplates("/nonexistent");
  assert.ok(!missing.ok);
  assert.match(missing.errors[0] ?? "", /^Cannot read templates\.directory '\/nonexistent'/);
});

Deno.test("composeMail() falls back to the built-in template and warns", async () => {
  // Right with the samples, wrong with other facts: what the start cannot find.
  const odd = "{% if user == 'eve' %}{% for i in (1..1000000000) %}x{% endfor %}{% endif %}x";
  const loaded = await loadFiles({
    "new.txt": odd,
    "new.html": odd,
    "subject.txt": "{% if user != 'eve' %}ok{% endif %}",
  });
  assert.ok(loaded.ok);
  const mail = composeMail({ ...sampleData("new"), user: "eve" }, loaded.templates);
  assert.match(mail.subject, /Role Request/);
  assert.match(mail.text, /^You have a new Role Request:/);
  assert.match(mail.html ?? "", /You have a new Role Request/);
  assert.equal(mail.warnings.length, 3);
  assert.match(mail.warnings.join("\n"), /Using the built-in 'new\.txt': Cannot use template/);
});

Deno.test("the built-in templates use only variables that exist", () => {
  for (const name of TEMPLATE_FILES) {
    const source = TEMPLATE_SOURCES[name];
    const parsed = parseTemplate(name, source, sampleScope(), { trusted: false });
    assert.deepEqual(parsed.ok ? [] : parsed.errors, []);
  }
});
