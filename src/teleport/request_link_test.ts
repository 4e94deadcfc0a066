import assert from "node:assert/strict";
import fc from "fast-check";
import { requestLink } from "./request_link.ts";

Deno.test("requestLink() makes links as the original does", () => {
  const cases: readonly [string, string | undefined][] = [
    ["", undefined],
    ["foo", "https://foo/web/requests/1-2"],
    ["foo:443", "https://foo/web/requests/1-2"],
    ["foo:3080", "https://foo:3080/web/requests/1-2"],
    ["https://foo:443/", "https://foo/web/requests/1-2"],
    ["http://foo:443", "http://foo:443/web/requests/1-2"],
    ["http://foo:80", "http://foo:80/web/requests/1-2"],
    ["https://Foo.example.com/some/where?x=1#y", "https://Foo.example.com/web/requests/1-2"],
    ["[::1]:3080", "https://[::1]:3080/web/requests/1-2"],
  ];
  for (const [address, link] of cases) {
    assert.deepEqual(requestLink(address, "1-2"), { ok: true, link }, address);
  }
});

Deno.test("requestLink() escapes the id", () => {
  assert.deepEqual(requestLink("foo", "a/../b c?"), {
    ok: true,
    link: "https://foo/web/requests/a%2F..%2Fb%20c%3F",
  });
});

Deno.test("requestLink() refuses what is not an address", () => {
  for (const address of ["foo:port", "https://", "a b", "user:secret@foo"]) {
    const result = requestLink(address, "1");
    assert.equal(result.ok, false, address);
    assert.doesNotMatch(result.ok ? "" : result.error, /secret/);
  }
});

Deno.test("requestLink() makes a link to the proxy of any id", () => {
  const character = fc.oneof(
    fc.constantFrom(..."<>\"'&=/\\ \n`:;{}%-?#.", "\ud800"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  );
  fc.assert(
    fc.property(fc.string({ unit: character, minLength: 1 }), (id) => {
      const made = requestLink("proxy.example.com:443", id);
      assert.ok(made.ok && made.link !== undefined);
      assert.match(made.link, /^https:\/\/proxy\.example\.com\/web\/requests\/[^<>"&/?#\s]+$/);
    }),
  );
});
