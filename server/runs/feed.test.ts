/** Text that is recalled: readers begin it again, in this process and in another. */
import { expect, test } from "vitest";
import type { Delta } from "../../runtime/event.ts";
import { Feed, unsentDeltas } from "./feed.ts";

const delta = (text: string, offset: number): Delta => ({
  type: "delta",
  run: "r",
  node: "n",
  kind: "text",
  text,
  offset,
  answer: true,
});

test("offset 0 within a message begins its text again", () => {
  const feed = new Feed();
  const early = feed.join(() => {}, true);
  const read = (reader: typeof early) => [...unsentDeltas(reader, 9, false)].map(({ offset, text }) => [offset, text]);
  feed.add(delta("Thoughts", 0), 1);
  expect(read(early)).toEqual([[0, "Thoughts"]]);
  feed.add(delta("Hel", 0), 1);
  feed.add(delta("lo", 3), 1);
  expect(read(early)).toEqual([[0, "Hello"]]);
  expect(read(feed.join(() => {}, true))).toEqual([[0, "Hello"]]);
});

test("text of another process that differs from what is known is begun again; what is known is passed over", () => {
  const feed = new Feed();
  feed.isRemote = true;
  const reader = feed.join(() => {}, true);
  const read = () => [...unsentDeltas(reader, 9, false)].map(({ offset, text }) => [offset, text]);
  expect(feed.addRemote(delta("Hey, think", 0), 1)).toBe(true);
  expect(feed.addRemote(delta("Hey, think", 0), 1)).toBe(true);
  expect(read()).toEqual([[0, "Hey, think"]]);
  expect(feed.addRemote(delta("Hello", 0), 1)).toBe(true);
  expect(read()).toEqual([[0, "Hello"]]);
  expect(feed.addRemote(delta("lo you", 3), 1)).toBe(true);
  expect(read()).toEqual([[5, " you"]]);
  expect(feed.addRemote(delta("!", 30), 1)).toBe(false);
});
