/** Sends a message to the draft, from the chat or with the Run button. */
import type { RunInput } from "../../runtime/event.ts";
import { i18n } from "../i18n/index.ts";
import {
  fieldValues,
  keepFiles,
  keepMessage,
  typedFields,
  typedFiles,
  typedInput,
  typedMessage,
} from "../session/typed-input.ts";
import { rootOf, type Workbench } from "../session/workbench.ts";
import { toast } from "../ui/toast.tsx";
import { focusWhenReady } from "../ui/wait-for-element.ts";

/** Sends what is typed. Nothing happens without a message, and while a run is in progress. */
export function sendTyped(workbench: Workbench): void {
  const { unfinished, conversation, graph } = rootOf(workbench);
  const input = typedInput(graph(), unfinished.getState().texts);
  const { busy, earlier } = conversation.getState();
  if (!input || busy || earlier === "loading") return;
  keepMessage(unfinished, "");
  keepFiles(unfinished, []);
  void send(workbench, input);
}

/** Sends a message with the typed fields. */
export function sendMessage(workbench: Workbench, message: string): void {
  const { unfinished, graph } = rootOf(workbench);
  const fields = fieldValues(typedFields(graph()), unfinished.getState().texts, "try");
  void send(workbench, { ...fields, message });
}

/** The Run button: sends what is typed, or else the last message again, or else asks for a message. */
export async function runDraft(workbench: Workbench): Promise<void> {
  const { unfinished, conversation, graph, panels } = rootOf(workbench);
  panels.open("try");
  await conversation.load();
  if (conversation.getState().busy) {
    toast({ title: i18n.t("testing:busy"), tone: "info" });
    return;
  }
  if (typedInput(graph(), unfinished.getState().texts)) return sendTyped(workbench);
  const last = conversation.getState().turns.findLast((turn) => !turn.part);
  if (last) return void send(workbench, last.input);
  toast({ title: i18n.t("testing:messageToRun"), tone: "info" });
  focusWhenReady("try-message");
}

/** A message whose run did not start returns to the message field, unless another one is typed there. */
async function send(workbench: Workbench, input: RunInput): Promise<void> {
  const { unfinished, conversation } = rootOf(workbench);
  await conversation.send(input);
  const last = conversation.getState().turns.at(-1);
  const { texts } = unfinished.getState();
  if (last?.input !== input || last.runState || typedMessage(texts) !== "" || typedFiles(texts).length > 0) return;
  keepMessage(unfinished, input.message);
  keepFiles(unfinished, input.files ?? []);
}
