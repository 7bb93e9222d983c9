import { useEffect } from "react";
import type { Bodies } from "../session/open-bodies.ts";
import type { Workbench } from "../session/workbench.ts";

/** The ids of the nodes whose graphs are open, joined by dots, which an id does not have. */
const KEY = "in";

const shown = (): string => new URLSearchParams(window.location.search).get(KEY) ?? "";
const pathOf = (stack: readonly Workbench[]): string => (stack.at(-1)?.inside?.path ?? []).join(".");

function address(path: string): string {
  const url = new URL(window.location.href);
  if (path === "") url.searchParams.delete(KEY);
  else url.searchParams.set(KEY, path);
  return url.pathname + url.search + url.hash;
}

/** Keeps the address in step with the open graph, so that Back leaves a body and a reload stays in it. */
export function useBodyAddress(bodies: Bodies): void {
  useEffect(() => {
    let following = 0;
    const follow = async () => {
      following++;
      await bodies.goTo(shown().split(".").filter(Boolean)).catch(() => {});
      following--;
      // A node that is gone, or an agent that cannot be fetched.
      const path = pathOf(bodies.getState().stack);
      if (following === 0 && path !== shown()) window.history.replaceState(window.history.state, "", address(path));
    };
    if (shown() !== "") void follow();
    const onPop = () => void follow();
    window.addEventListener("popstate", onPop);
    const end = bodies.subscribe(({ stack }) => {
      const path = pathOf(stack);
      if (following === 0 && path !== shown()) window.history.pushState(null, "", address(path));
    });
    return () => {
      end();
      window.removeEventListener("popstate", onPop);
    };
  }, [bodies]);
}
