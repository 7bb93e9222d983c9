/** The visitor's conversations with this agent, stored in this browser only. */
import { slug, type Visit } from "./visit.ts";

export interface Remembered {
  token: string;
  session: string;
  /** The start of the first message; empty before the first message. */
  title: string;
  at: number;
}

const KEY = `patchbay.chat.${slug}`;
const MAX = 50;

/** Newest first. */
export function remembered(): Remembered[] {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? "[]") as Remembered[];
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

export function remember(visit: Visit, title: string): Remembered[] {
  const list = remembered();
  const known = list.find((one) => one.session === visit.session);
  const next = {
    token: visit.token,
    session: visit.session,
    title: known?.title || title.slice(0, 80),
    at: Date.now(),
  };
  return store([next, ...list.filter((one) => one !== known)]);
}

/** Renames a conversation, in this browser only. */
export function rename(session: string, title: string): Remembered[] {
  return store(remembered().map((one) => (one.session === session ? { ...one, title: title.slice(0, 80) } : one)));
}

export function forget(session: string): Remembered[] {
  return store(remembered().filter((one) => one.session !== session));
}

function store(list: Remembered[]): Remembered[] {
  const kept = list.slice(0, MAX);
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage is not available in this frame: the conversation lasts as long as the page.
  }
  return kept;
}
