import { useEffect } from "react";
import { useWorkbench } from "../hooks/use-workbench.ts";

/** Where the search over everything is, once its code has come. */
export const COMMANDS_ID = "commands";

/**
 * The search opens with what was typed since it was asked for: its code is loaded after the canvas, and a quick hand
 * does not wait. Nothing else hears these keys, or a letter would be taken for a key of the canvas.
 */
export function useTypedAhead(): void {
  const { overlays } = useWorkbench();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { commands } = overlays.getState();
      if (commands === undefined || !isText(event)) return;
      if (document.getElementById(COMMANDS_ID)?.contains(event.target as Node)) return;
      event.preventDefault();
      event.stopPropagation();
      overlays.setState({ commands: typedInto(commands, event.key) });
    };
    window.addEventListener("keydown", onKey, true);
    return () => window.removeEventListener("keydown", onKey, true);
  }, [overlays]);
}

/** Whether a key would change a text field or leave it; not one for the browser. */
function isText({ key, ctrlKey, metaKey, altKey }: KeyboardEvent): boolean {
  return !ctrlKey && !metaKey && !altKey && (key.length === 1 || /^(Backspace|Delete|Enter|Escape)$/.test(key));
}

/** The text after a key at its end; nothing when the key leaves it. Enter waits until one sees what it would choose. */
export function typedInto(text: string, key: string): string | undefined {
  if (key === "Escape") return undefined;
  if (key === "Backspace") return text.slice(0, -1);
  return key.length === 1 ? text + key : text;
}
