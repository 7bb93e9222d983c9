import { lazy, Suspense, useEffect, useState } from "react";
import { useLocation } from "wouter";
import { waitForElement } from "./ui/wait-for-element.ts";

const PageCommands = lazy(() =>
  import("./pages/commands/page-commands.tsx").then((module) => ({ default: module.PageCommands })),
);
/** An open agent and a run on its graph have a palette of their own, with actions and nodes. */
const HAS_OWN = /^\/agents\/[^/]+$|^\/runs\/[^/]+\/graph$/;

/** Ctrl+K opens the command palette of the pages. Its code loads at the first use. */
export function CommandKey() {
  const [path] = useLocation();
  const [open, setOpen] = useState(false);
  const own = HAS_OWN.test(path);
  useEffect(() => {
    if (own) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setOpen(true);
      waitForElement("[cmdk-input]", (input) => input.focus());
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [own]);
  return <Suspense>{open && !own && <PageCommands close={() => setOpen(false)} />}</Suspense>;
}
