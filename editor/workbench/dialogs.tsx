import { useStore } from "zustand";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { SaveTemplate } from "../pages/templates/save-template.tsx";
import type { Action, ActionId } from "./action.ts";
import { CommandDialog } from "./command-dialog.tsx";
import { EncapsulateDialog } from "./encapsulate-dialog.tsx";
import { ShortcutsDialog } from "./shortcuts-dialog.tsx";

function SaveTemplateDialog() {
  const workbench = useWorkbench();
  const open = useStore(workbench.overlays, (state) => state.savingTemplate);
  const { graph } = workbench.inside?.root ?? workbench;
  return open ? (
    <SaveTemplate graph={graph()} onClose={() => workbench.overlays.setState({ savingTemplate: false })} />
  ) : null;
}

/** The command palette, and the dialogs that actions open. */
export function Dialogs({ actions }: { actions: ReadonlyMap<ActionId, Action> }) {
  return (
    <>
      <CommandDialog actions={actions} />
      <ShortcutsDialog actions={actions} />
      <EncapsulateDialog />
      <SaveTemplateDialog />
    </>
  );
}
