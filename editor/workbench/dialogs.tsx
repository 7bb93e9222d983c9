import { useStore } from "zustand";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { SaveTemplate } from "../pages/templates/save-template.tsx";
import type { Action, ActionId } from "./action.ts";
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

/** Dialogs that actions open. The command palette is not here, because it is in the first chunk. */
export function Dialogs({ actions }: { actions: ReadonlyMap<ActionId, Action> }) {
  return (
    <>
      <ShortcutsDialog actions={actions} />
      <EncapsulateDialog />
      <SaveTemplateDialog />
    </>
  );
}
