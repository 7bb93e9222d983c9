/**
 * Streamed text of a run, before its message is stored. Each segment (one step of one node) is kept once; a reader keeps
 * only its offset. So a slow reader costs no memory, and one that joins late starts at offset 0.
 */
import { type Delta, type RunEvent, scopeKey, TERMINAL } from "../../runtime/event.ts";
import type { StreamRedactor } from "../secrets/stream-redactor.ts";

const KINDS: readonly Delta["kind"][] = ["text", "reasoning", "progress"];

interface TextSegment {
  delta: Omit<Delta, "text" | "offset">;
  /** Without secrets. The last characters are missing while they may become one. */
  text: string;
  redactor: StreamRedactor | undefined;
  isBegun: boolean;
  /** `seq` of the event before the segment, and of the event that closes it. */
  after: number;
  closedBy: number;
}

export class Feed {
  readonly #open = new Map<string, TextSegment>();
  readonly #readers = new Set<Reader>();
  /** `seq` of the event after which the run settled: it ended, or waits for people only. -1 while it runs. */
  settledAt = -1;
  /** The event at `settledAt` is terminal. */
  ended = false;
  /** Whether any reader asked for text; without one, the host emits no deltas. */
  isTextWanted = false;
  /** Another process executes the run: text comes from it, events come from the log. */
  isRemote = false;
  /** By segment key, `seq` of the event that closed it last: text from before it is ignored. Remote runs only. */
  readonly #closed = new Map<string, number>();
  #lastObserved = -1;
  /** Segments that were closed while a reader is expected and has not joined yet. */
  #closedForReader: TextSegment[] | undefined;
  readonly #createRedactor: (() => StreamRedactor) | undefined;

  constructor(createRedactor?: () => StreamRedactor) {
    this.#createRedactor = createRedactor;
  }

  /** Keeps closed segments until a text reader joins or `stopExpecting` is called. */
  expectReader(): void {
    this.isTextWanted = true;
    this.#closedForReader = [];
  }

  stopExpecting(): void {
    this.#closedForReader = undefined;
  }

  get isExpectingReader(): boolean {
    return this.#closedForReader !== undefined;
  }

  get isFollowed(): boolean {
    return this.#readers.size > 0;
  }

  get hasTextReader(): boolean {
    for (const reader of this.#readers) if (reader.text) return true;
    return false;
  }

  /** Adds text that was produced after the event `seq`. Offset 0 within a segment begins it again: its text was recalled. */
  add(delta: Delta, seq: number): void {
    const key = `${delta.kind} ${delta.node} ${scopeKey(delta.scope)}`;
    let segment = this.#open.get(key);
    if (segment?.isBegun && delta.offset === 0) {
      for (const reader of this.#readers)
        reader.cursors = reader.cursors.filter((cursor) => cursor.segment !== segment);
      segment = undefined;
    }
    if (!segment) {
      const { text: _text, offset: _offset, ...rest } = delta;
      // The process that executes a remote run has redacted its text.
      const redactor = this.isRemote ? undefined : this.#createRedactor?.();
      segment = {
        delta: rest,
        text: "",
        redactor,
        isBegun: false,
        after: seq,
        closedBy: Number.POSITIVE_INFINITY,
      };
      this.#open.set(key, segment);
      for (const reader of this.#readers) if (reader.text) reader.cursors.push({ segment, sent: 0 });
    }
    segment.isBegun ||= delta.text !== "";
    segment.text += segment.redactor ? segment.redactor.push(delta.text) : delta.text;
    for (const reader of this.#readers) if (reader.text) reader.wake();
  }

  /** Adds the new part of text from another process. False when a part before it is missing. */
  addRemote(delta: Delta, after: number): boolean {
    const key = `${delta.kind} ${delta.node} ${scopeKey(delta.scope)}`;
    if (after < (this.#closed.get(key) ?? -1)) return true;
    const known = this.#open.get(key)?.text ?? "";
    if (delta.offset > known.length) return false;
    const rest = known.slice(delta.offset);
    // Text that differs from what is known was recalled there, and came anew.
    if (!delta.text.startsWith(rest.slice(0, delta.text.length)))
      this.add({ ...delta, offset: 0, text: known.slice(0, delta.offset) + delta.text }, after);
    else if (delta.text.length > rest.length)
      this.add({ ...delta, offset: known.length, text: delta.text.slice(rest.length) }, after);
    return true;
  }

  /** Takes in a stored event of a remote run. */
  observe(event: RunEvent): void {
    if (!this.isRemote || event.seq <= this.#lastObserved) return;
    this.#lastObserved = event.seq;
    if (event.type === "message" || event.type === "node-end" || event.type === "node-fail")
      for (const kind of KINDS) this.#closed.set(`${kind} ${event.node} ${scopeKey(event.scope)}`, event.seq);
    this.closeSegments(event);
  }

  /** Closes the segments that the event ends. Call it before the event is stored. */
  closeSegments(event: RunEvent): void {
    if (this.#open.size === 0) return;
    if (TERMINAL.has(event.type)) {
      for (const [key, segment] of this.#open) this.#close(key, segment, event.seq);
    } else if (event.type === "message" || event.type === "node-end" || event.type === "node-fail") {
      for (const kind of KINDS) {
        const key = `${kind} ${event.node} ${scopeKey(event.scope)}`;
        const segment = this.#open.get(key);
        if (segment) this.#close(key, segment, event.seq);
      }
    }
  }

  #close(key: string, segment: TextSegment, seq: number): void {
    segment.text += segment.redactor?.end() ?? "";
    segment.closedBy = seq;
    this.#open.delete(key);
    this.#closedForReader?.push(segment);
  }

  /** Records that the run settled after `seq`; a resume resets it with -1. */
  settle(seq: number, ended = false): void {
    this.settledAt = seq;
    this.ended = ended;
    for (const reader of this.#readers) reader.wake();
  }

  /**
   * Adds a reader. A text reader starts at offset 0 of the open segments and of those closed since `expectReader`. Every
   * reader is woken when the run settles.
   */
  join(wake: () => void, text: boolean): Reader {
    const reader: Reader = { wake, text, cursors: [] };
    this.#readers.add(reader);
    if (!text) return reader;
    for (const segment of [...(this.#closedForReader ?? []), ...this.#open.values()])
      reader.cursors.push({ segment, sent: 0 });
    this.isTextWanted = true;
    this.stopExpecting();
    return reader;
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
  }
}

export interface Reader {
  wake(): void;
  text: boolean;
  /** In the order in which they began. */
  cursors: { segment: TextSegment; sent: number }[];
}

/** Text that the reader has not received: of segments closed by the event `seq`, or of all segments after read events up to `seq`. */
export function* unsentDeltas(reader: Reader, seq: number, beforeEvent: boolean): Generator<Delta> {
  for (const cursor of reader.cursors) {
    const { segment } = cursor;
    if (beforeEvent ? segment.closedBy !== seq : segment.after > seq) continue;
    if (segment.text.length > cursor.sent) {
      const text = segment.text.slice(cursor.sent);
      const offset = cursor.sent;
      cursor.sent = segment.text.length;
      yield { ...segment.delta, offset, text };
    }
  }
  if (beforeEvent) reader.cursors = reader.cursors.filter((cursor) => cursor.segment.closedBy !== seq);
}
