import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createFiles } from "../stores/blobs/files.ts";
import { openBlobs } from "../stores/blobs/open-blobs.ts";
import type { Files } from "../stores/files.ts";
import type { Records } from "../stores/records.ts";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { toolResult } from "./result.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-mcp-result-"));
const PNG = Buffer.from("89504e470d0a1a0a00", "hex");
const base64 = PNG.toString("base64");
let records: Records;
let files: Files;
beforeAll(async () => {
  records = await sqliteRecords(join(folder, "records.db"));
  files = createFiles(records, await openBlobs(join(folder, "files")));
});
afterAll(async () => {
  await records.close();
  rmSync(folder, { recursive: true, force: true });
});
const read = (given: unknown, outputSchema?: object) => toolResult(given, { tool: "t", files, outputSchema });
const image = (data: unknown, mimeType: unknown = "image/png") => ({ type: "image", data, mimeType });

it.each<[string, object, string]>([
  ["as the protocol says", image(base64), "image/png"],
  ["with the prefix of a data URL", image(`data:image/png;base64,${base64}`), "image/png"],
  ["with a prefix that has parameters", image(`data:image/webp;charset=utf-8;base64,${base64}`, null), "image/webp"],
  ["with line ends", image(`${base64.slice(0, 5)}\r\n${base64.slice(5)}\n`), "image/png"],
  ["without padding", image(base64.replace(/=+$/, "")), "image/png"],
  ["in the alphabet of URLs", image(PNG.toString("base64url")), "image/png"],
  ["without a media type", image(base64, null), "image/png"],
  ["as a sound", { type: "audio", data: base64, mimeType: "audio/mpeg" }, "audio/mpeg"],
  [
    "as an embedded resource",
    { type: "resource", resource: { uri: "x:1", blob: `data:;base64,${base64}` } },
    "application/octet-stream",
  ],
])("media %s is an artifact", async (_what, part, mediaType) => {
  const result = await read({ content: [{ type: "text", text: "Invoice 4711" }, part] });
  expect(result.error).toBeUndefined();
  expect(result.content).toMatch(/^Invoice 4711\n\[/);
  expect(result.files).toMatchObject([{ mediaType }]);
  expect(Buffer.from((await files.get(result.files![0]!.id)).bytes)).toEqual(PNG);
});

it.each<[string, unknown, RegExp]>([
  ["data that is not base64", image("not base64!"), /part 2 cannot be read: its data \(image\/png\) is not base64/],
  ["data that is missing", image(undefined), /its data is missing/],
  ["a text that is missing", { type: "text" }, /its text is missing/],
  ["a type that is not known", { type: "hologram", data: 1 }, /its type "hologram" is not known/],
  ["null", null, /it is not an object/],
  ["a resource that is missing", { type: "resource" }, /its resource is missing/],
  ["a link without an address", { type: "resource_link", name: "x" }, /its link has no address/],
])("%s costs this part alone", async (_what, part, line) => {
  const result = await read({ content: [{ type: "text", text: "before" }, part, { type: "text", text: "after" }] });
  expect(result.content.split("\n")).toEqual(["before", expect.stringMatching(line), "after"]);
  expect(result.error).toBeUndefined();
  expect((await read({ content: [part] })).error).toBe(true);
});

it("reads content in other forms", async () => {
  expect(await read({ content: "text" })).toEqual({ content: "text" });
  expect(await read({ content: { type: "text", text: "one" } })).toEqual({ content: "one" });
  expect(await read({ toolResult: { a: 1 } })).toEqual({ content: '{"a":1}' });
  expect(await read({ structuredContent: { a: 1 } })).toEqual({ content: '{"a":1}', value: { a: 1 } });
  expect(await read({})).toEqual({ content: "Done; the tool gave no text." });
  expect(await read({ content: [{ type: "note", text: "of a later version" }] })).toEqual({
    content: "of a later version",
  });
  expect(await read({ content: [{ type: "text", text: "no" }], isError: true })).toEqual({
    content: "no",
    error: true,
  });
});

it("a structured value that does not match its schema is left out, and the text arrives", async () => {
  const schema = { type: "object", properties: { n: { type: "number" } }, required: ["n"] };
  const content = [{ type: "text", text: "n is 1" }];
  expect(await read({ content, structuredContent: { n: 1 } }, schema)).toEqual({ content: "n is 1", value: { n: 1 } });
  const wrong = await read({ content, structuredContent: { n: "1" } }, schema);
  expect(wrong).toEqual({ content: expect.stringMatching(/^n is 1\n\[the structured value cannot be read: /) });
  expect(await read({ content }, schema)).toEqual({ content: "n is 1" });
  expect((await read({ structuredContent: {} }, schema)).error).toBe(true);
});

it("many parts are cut, and the number is named", async () => {
  const content = Array.from({ length: 250 }, (_, i) => ({ type: "text", text: String(i) }));
  expect((await read({ content })).content.split("\n").at(-1)).toBe("[cut: 50 more parts]");
});
