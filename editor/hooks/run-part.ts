/** Runs a part of the draft, from the menu of a node, a shortcut or the last-run panel. */
import { knownFrom, planEdited, planPart } from "../graph/partial-run.ts";
import { type Pins, pinOf, pinsOf, setPin } from "../graph/pins.ts";
import { i18n } from "../i18n/index.ts";
import type { Conversation } from "../session/conversation.ts";
import { viewOf } from "../session/live-run.ts";
import type { Workbench } from "../session/workbench.ts";
import { toast } from "../ui/toast.tsx";
import { focusWhenReady } from "../ui/wait-for-element.ts";

type Values = Pins[string];

/** Runs a part of the graph with the last message and shows it in the Chat tab. Without a message it asks for one. */
export function runPart(workbench: Workbench, how: "only" | "to" | "from", node: string): void {
  const known = knownFrom(workbench.live.getState().runState?.view);
  const plan = planPart(workbench.graph(), how, node, pinsOf(workbench.graph()), known);
  send(workbench, { ...plan, part: { how, node } });
}

/**
 * Continues from a node with changed outputs. Nodes that do not depend on it keep their results of the displayed run.
 */
export function continueWith(workbench: Workbench, node: string, outputs: Values): void {
  const known = knownFrom(workbench.live.getState().runState?.view);
  const plan = planEdited(workbench.graph(), node, outputs, pinsOf(workbench.graph()), known);
  send(workbench, { ...plan, part: { how: "edited", node } });
}

function send(workbench: Workbench, options: NonNullable<Parameters<Conversation["send"]>[1]>): void {
  const { conversation, live, panels } = workbench;
  const { turns, busy } = conversation.getState();
  if (busy) {
    toast({ title: i18n.t("testing:busy"), tone: "info" });
    return;
  }
  const { history: _brought, ...asked } = live.getState().runState?.view.start?.input ?? { message: "" };
  const message = asked.message || turns.at(-1)?.input.message || workbench.graph().settings.suggestions[0];
  panels.open("try");
  if (message) void conversation.send({ ...asked, message }, options);
  else {
    toast({ title: i18n.t("testing:messageFirst"), tone: "info" });
    focusWhenReady("try-message");
  }
}

/** Pins the output of the node in the displayed run, or removes the pin. */
export function togglePin(workbench: Workbench, node: string): void {
  if (pinOf(workbench.graph(), node)) {
    workbench.apply(setPin(node, undefined));
    return;
  }
  const outputs = viewOf(workbench.live.getState(), node)?.outputs;
  if (outputs && Object.keys(outputs).length > 0) workbench.apply(setPin(node, outputs));
  else toast({ title: i18n.t("testing:nothingToPin"), tone: "info" });
}
