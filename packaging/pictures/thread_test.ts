import assert from "node:assert/strict";
import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { threadPage } from "./thread.ts";

type Node = DefaultTreeAdapterTypes.ChildNode | DefaultTreeAdapterTypes.Document;

/** The `srcdoc` of every frame below a node. */
function framesIn(node: Node): readonly string[] {
  const own = "attrs" in node && node.nodeName === "iframe"
    ? node.attrs.filter(({ name }) => name === "srcdoc").map(({ value }) => value)
    : [];
  return [...own, ..."childNodes" in node ? node.childNodes.flatMap(framesIn) : []];
}

Deno.test("threadPage() frames every email as it is, in order", () => {
  const html = ['<p title="a &amp; b">1 &lt; 2</p>', "<script>'</iframe>'</script>"];
  const page = threadPage("A <subject>", html.map((html) => ({ title: "t", time: "10:00", html })));
  assert.deepEqual(framesIn(parse(page)), html);
  assert.match(page, /<h1>A &lt;subject><\/h1>/);
});
