/**
 * Text on its way, for whoever follows a run. Each stretch of text (one step of one node) is kept once, whole; a reader
 * keeps only how far it has come. So a slow reader costs no memory, and one that joins late begins at offset 0.
 */
import { type Delta, type RunEvent, scopeKey, TERMINAL } from "../../runtime/event.ts";

interface Stretch {
  delta: Omit<Delta, "text" | "offset">;
  text: string;
  /** It belongs behind the event with this `seq`, and before the one that closes it. */
  after: number;
  closedBy: number;
}

export class Feed {
  readonly #open = new Map<string, Stretch>();
  readonly #readers = new Set<Reader>();
  /** The run came to rest (it ended or waits) behind the event with this `seq`. */
  restsAt = -1;
  /** It rests for good: the event at `restsAt` is its last. */
  ended = false;
  /** Somebody asked for text: it is made from now on. */
  wanted = false;
  /** The run is another process's: its text comes from there, and its events from the log. */
  far = false;
  /** By stretch, the event that closed it last: what comes for it later is too late. Only where `far`. */
  readonly #closed = new Map<string, number>();
  #seen = -1;
  /** Stretches that closed since a reader was announced who has not come yet. */
  #kept: Stretch[] | undefined;

  /** A reader of text is on the way: nothing of it is lost until he comes, or until `forgo`. */
  announce(): void {
    this.wanted = true;
    this.#kept = [];
  }

  forgo(): void {
    this.#kept = undefined;
  }

  get isAwaited(): boolean {
    return this.#kept !== undefined;
  }

  get isFollowed(): boolean {
    return this.#readers.size > 0;
  }

  /** Somebody reads text. */
  get isRead(): boolean {
    for (const reader of this.#readers) if (reader.text) return true;
    return false;
  }

  /** Text came, behind the event `seq`. */
  add(delta: Delta, seq: number): void {
    const key = `${delta.kind} ${delta.node} ${scopeKey(delta.scope)}`;
    let stretch = this.#open.get(key);
    if (!stretch) {
      const { text: _text, offset: _offset, ...rest } = delta;
      stretch = { delta: rest, text: "", after: seq, closedBy: Number.POSITIVE_INFINITY };
      this.#open.set(key, stretch);
      for (const reader of this.#readers) if (reader.text) reader.stretches.push({ stretch, sent: 0 });
    }
    stretch.text += delta.text;
    for (const reader of this.#readers) if (reader.text) reader.wake();
  }

  /** Text of another process came: what is new of it is added. False where a part before it is missing. */
  addFar(delta: Delta, after: number): boolean {
    const key = `${delta.kind} ${delta.node} ${scopeKey(delta.scope)}`;
    if (after < (this.#closed.get(key) ?? -1)) return true;
    const length = this.#open.get(key)?.text.length ?? 0;
    if (delta.offset > length) return false;
    const text = delta.text.slice(length - delta.offset);
    if (text !== "") this.add({ ...delta, text }, after);
    return true;
  }

  /** An event of another process's run was read. */
  see(event: RunEvent): void {
    if (!this.far || event.seq <= this.#seen) return;
    this.#seen = event.seq;
    if (event.type === "message" || event.type === "node-end" || event.type === "node-fail")
      for (const kind of ["text", "reasoning"])
        this.#closed.set(`${kind} ${event.node} ${scopeKey(event.scope)}`, event.seq);
    this.pass(event);
  }

  /** An event is about to be stored: those that end a step close its stretches. */
  pass(event: RunEvent): void {
    if (this.#open.size === 0) return;
    if (TERMINAL.has(event.type)) {
      for (const [key, stretch] of this.#open) this.#close(key, stretch, event.seq);
    } else if (event.type === "message" || event.type === "node-end" || event.type === "node-fail") {
      const place = `${event.node} ${scopeKey(event.scope)}`;
      for (const kind of ["text", "reasoning"]) {
        const key = `${kind} ${place}`;
        const stretch = this.#open.get(key);
        if (stretch) this.#close(key, stretch, event.seq);
      }
    }
  }

  #close(key: string, stretch: Stretch, seq: number): void {
    stretch.closedBy = seq;
    this.#open.delete(key);
    this.#kept?.push(stretch);
  }

  /** The run came to rest behind `seq`; a resume takes that back with -1. */
  rest(seq: number, ended = false): void {
    this.restsAt = seq;
    this.ended = ended;
    for (const reader of this.#readers) reader.wake();
  }

  /**
   * A new reader. One that wants text has what is open now before it, from offset 0, and what closed since he was
   * announced; any is woken when the run rests.
   */
  join(wake: () => void, text: boolean): Reader {
    const reader: Reader = { wake, text, stretches: [] };
    this.#readers.add(reader);
    if (!text) return reader;
    for (const stretch of [...(this.#kept ?? []), ...this.#open.values()]) reader.stretches.push({ stretch, sent: 0 });
    this.wanted = true;
    this.forgo();
    return reader;
  }

  leave(reader: Reader): void {
    this.#readers.delete(reader);
  }
}

export interface Reader {
  wake(): void;
  /** Whether it wants text at all. */
  text: boolean;
  /** In the order in which they began. */
  stretches: { stretch: Stretch; sent: number }[];
}

/** What a reader has not had yet of stretches that belong before `seq` (or of all that are due once `seq` was read). */
export function* due(reader: Reader, seq: number, beforeEvent: boolean): Generator<Delta> {
  for (const place of reader.stretches) {
    const { stretch } = place;
    if (beforeEvent ? stretch.closedBy !== seq : stretch.after > seq) continue;
    if (stretch.text.length > place.sent) {
      const text = stretch.text.slice(place.sent);
      const offset = place.sent;
      place.sent = stretch.text.length;
      yield { ...stretch.delta, offset, text };
    }
  }
  if (beforeEvent) reader.stretches = reader.stretches.filter((place) => place.stretch.closedBy !== seq);
}
