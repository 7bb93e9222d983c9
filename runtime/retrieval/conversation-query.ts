/** A query for a message that is understood only with those before it, such as "And how long does it take?". */
import { type Message, messageText } from "../message.ts";

/** Messages of the user before this one. More would search for what the conversation has left behind. */
const EARLIER = 2;
/** Of each, in characters: its beginning names the subject. */
const MAX_EARLIER = 300;

/** The last messages of the user, oldest first, and then the message. Replies are left out: their many words would win. */
export function conversationQuery(message: string, history: readonly Message[]): string {
  const earlier = history
    .filter((one) => one.role === "user")
    .slice(-EARLIER)
    .map((one) => messageText(one).trim().slice(0, MAX_EARLIER));
  return [...earlier.filter((text) => text !== "" && text !== message.trim()), message].join("\n");
}
