import type { EventOf } from "../../runtime/event.ts";
import type { Message } from "../../runtime/message.ts";

/** The messages of a node's last prompt. Each prompt keeps the first `keep` messages of the previous one. */
export function promptMessages(prompts: readonly EventOf<"prompt-built">[]): Message[] {
  return prompts.reduce<Message[]>((before, prompt) => [...before.slice(0, prompt.keep), ...prompt.messages], []);
}
