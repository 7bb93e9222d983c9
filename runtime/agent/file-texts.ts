/** Files in user messages: a model reads the text of those that have one. */
import { PatchbayError } from "../error.ts";
import type { Host } from "../host.ts";
import type { Message, Part } from "../message.ts";

/** Replaces each file that has a text with it. Others stay, also those that do not exist any more. */
export async function withFileTexts(messages: readonly Message[], host: Pick<Host, "fileText">): Promise<Message[]> {
  return Promise.all(
    messages.map(async (message): Promise<Message> => {
      if (message.role !== "user" || typeof message.content === "string") return message;
      if (!message.content.some((part) => part.type === "file")) return message;
      return { ...message, content: await Promise.all(message.content.map((part) => withText(part, host))) };
    }),
  );
}

async function withText(part: Part, { fileText }: Pick<Host, "fileText">): Promise<Part> {
  if (part.type !== "file") return part;
  const text = await fileText(part.file).catch((error: unknown) => {
    if (error instanceof PatchbayError && error.code === "not_found") return undefined;
    throw error;
  });
  if (text === undefined) return part;
  return { type: "text", text: `<file name=${JSON.stringify(part.file.name)}>\n${text}\n</file>` };
}
