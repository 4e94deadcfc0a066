import assert from "node:assert/strict";
import { staleMeanings, templateVariables } from "./data_model.ts";

Deno.test("templateVariables() has a type, an example and a meaning for every variable", () => {
  const variables = templateVariables();
  for (const { name, type, example, meaning } of variables) {
    assert.notEqual(meaning, "", name);
    // An example of null would say nothing.
    if (!type.startsWith("list")) assert.doesNotMatch(example, /^(null|undefined)?$/, name);
  }
  assert.deepEqual(staleMeanings(), []);
  const typeOf = (name: string) => variables.find((variable) => variable.name === name)?.type;
  assert.equal(typeOf("id"), "text");
  assert.equal(typeOf("user"), "text or null");
  assert.equal(typeOf("roles"), "list of text or null");
  assert.equal(typeOf("details.resources[].path"), "text");
  assert.equal(typeOf("details.is_long_term"), "true or false");
  assert.equal(typeOf("details.more_resources"), "number or null");
});
