import { EncapsulateDialog } from "../subagents/encapsulate-dialog.tsx";
import type { Action, ActionId } from "./actions.ts";
import { CommandDialog } from "./command-dialog.tsx";
import { KeysDialog } from "./keys-dialog.tsx";

/** What opens over the graph by a key. */
export function Dialogs({ actions }: { actions: ReadonlyMap<ActionId, Action> }) {
  return (
    <>
      <CommandDialog actions={actions} />
      <KeysDialog actions={actions} />
      <EncapsulateDialog />
    </>
  );
}
