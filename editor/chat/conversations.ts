/** The visitor's conversations with this agent, stored in this browser only. */
import { slug, type Visit } from "./visit.ts";

export interface SavedConversation {
  token: string;
  session: string;
  /** The start of the first message; empty before the first message. */
  title: string;
  at: number;
}

const KEY = `patchbay.chat.${slug}`;
const MAX = 50;

/** Newest first. */
export function savedConversations(): SavedConversation[] {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? "[]") as SavedConversation[];
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

export function saveConversation(visit: Visit, title: string): SavedConversation[] {
  const list = savedConversations();
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
export function renameConversation(session: string, title: string): SavedConversation[] {
  return store(
    savedConversations().map((one) => (one.session === session ? { ...one, title: title.slice(0, 80) } : one)),
  );
}

export function removeConversation(session: string): SavedConversation[] {
  return store(savedConversations().filter((one) => one.session !== session));
}

function store(list: SavedConversation[]): SavedConversation[] {
  const kept = list.slice(0, MAX);
  try {
    localStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // Storage is not available in this frame: the conversation lasts as long as the page.
  }
  return kept;
}
