import type { EventOf } from "../../runtime/event.ts";
import type { Message } from "../../runtime/message.ts";

/** The messages of the last of a node's prompts: each prompt keeps the first `keep` of the one before. */
export function promptMessages(prompts: readonly EventOf<"prompt-built">[]): Message[] {
  return prompts.reduce<Message[]>((before, prompt) => [...before.slice(0, prompt.keep), ...prompt.messages], []);
}
