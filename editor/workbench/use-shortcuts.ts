import { useReactFlow } from "@xyflow/react";
import { useEffect } from "react";
import { flushSync } from "react-dom";
import { remove } from "../graph/commands.ts";
import { copyText } from "../graph/fragment.ts";
import { lookup } from "../graph/lookup.ts";
import { roleOf } from "../graph/node-types.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { onlyNode } from "../session/selection.ts";
import { waitForElement } from "../ui/wait-for-element.ts";
import type { Action, ActionId } from "./action.ts";
import { usePaste } from "./use-paste.ts";

/** Shortcuts of all actions, and the clipboard, while no text field has the focus. */
export function useShortcuts(actions: ReadonlyMap<ActionId, Action>): void {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const paste = usePaste();

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const typing = isTyping(event.target);
      if (!typing && startsNote(event)) return;
      for (const action of actions.values()) {
        if (action.native || !action.keys || (typing && !action.everywhere) || !matchesKeys(event, action.keys))
          continue;
        event.preventDefault();
        action.run();
        return;
      }
      if (typing) return;
      if (event.key === "Delete") actions.get("delete")?.run();
      else if (event.key === "y" && (event.ctrlKey || event.metaKey)) actions.get("redo")?.run();
      else if (event.key === "Escape") actions.get("leaveBody")?.run();
      else if (
        event.key === "Enter" &&
        isOnCanvas(event.target) &&
        onlyNode(workbench.selection.getState()) !== undefined
      ) {
        workbench.panels.open("node");
        waitForElement("#inspector [data-field] :is(input, textarea, button, [tabindex='0'])", (control) =>
          control.focus(),
        );
      } else return;
      event.preventDefault();
    };
    /** A letter, or Enter, on a selected note begins to write in it. The browser then types the letter there. */
    const startsNote = (event: KeyboardEvent) => {
      const isLetter = /^[\p{L}\p{N}]$/u.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey;
      if ((!isLetter && event.key !== "Enter") || !isOnCanvas(event.target)) return false;
      const id = onlyNode(workbench.selection.getState());
      const node = id === undefined ? undefined : lookup(workbench.graph()).node(id);
      if (!node || roleOf(node) !== "annotation" || workbench.document.getState().frozen) return false;
      if (!isLetter) event.preventDefault();
      flushSync(() => workbench.overlays.setState({ writing: node.id }));
      return true;
    };
    const onCopy = (event: ClipboardEvent) => {
      const { nodes } = workbench.selection.getState();
      if (isTyping(event.target) || nodes.size === 0 || hasTextSelection()) return;
      event.preventDefault();
      event.clipboardData?.setData("text/plain", copyText(workbench.graph(), nodes));
      if (event.type === "cut") workbench.apply(remove(nodes));
    };
    const onPaste = (event: ClipboardEvent) => {
      const text = event.clipboardData?.getData("text/plain");
      if (isTyping(event.target) || !text || workbench.document.getState().frozen) return;
      event.preventDefault();
      const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
      const position = flow.screenToFlowPosition({
        x: (pane?.left ?? 0) + (pane?.width ?? 0) / 3,
        y: (pane?.top ?? 0) + (pane?.height ?? 0) / 3,
      });
      paste(text, position);
    };
    window.addEventListener("keydown", onKey);
    window.addEventListener("copy", onCopy);
    window.addEventListener("cut", onCopy);
    window.addEventListener("paste", onPaste);
    return () => {
      window.removeEventListener("keydown", onKey);
      window.removeEventListener("copy", onCopy);
      window.removeEventListener("cut", onCopy);
      window.removeEventListener("paste", onPaste);
    };
  }, [actions, workbench, flow, paste]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
      target.closest(".monaco-editor, [role=dialog], [role=menu]") !== null)
  );
}

/** Also true if nothing has the focus, as after a dialog has closed. */
function isOnCanvas(target: EventTarget | null): boolean {
  return target === document.body || (target instanceof Element && target.closest(".react-flow") !== null);
}

function hasTextSelection(): boolean {
  return (window.getSelection()?.toString() ?? "") !== "";
}

/** `mod` is Ctrl, or ⌘ on a Mac. A character typed with Shift, such as `?`, is listed without `shift`. */
export function matchesKeys(
  event: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "shiftKey" | "altKey">,
  keys: readonly string[],
): boolean {
  const wanted = keys.at(-1)!;
  if ((event.ctrlKey || event.metaKey) !== keys.includes("mod") || event.altKey !== keys.includes("alt")) return false;
  if (wanted.length > 1 || /[a-z0-9]/.test(wanted)) {
    if (event.shiftKey !== keys.includes("shift")) return false;
    return (
      event.key.toLowerCase() === wanted ||
      event.code === `Digit${wanted}` ||
      (event.altKey && event.code === `Key${wanted.toUpperCase()}`)
    );
  }
  return event.key === wanted || (wanted === "=" && event.key === "+");
}
