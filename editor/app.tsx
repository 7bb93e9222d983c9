import { type ComponentType, type LazyExoticComponent, lazy, Suspense } from "react";
import { Route, Switch } from "wouter";
import { NotFoundPage } from "./pages/not-found.tsx";
import { PageErrors } from "./shell/page-errors.tsx";
import { Shell } from "./shell/shell.tsx";
import { Spinner } from "./ui/spinner.tsx";
import { Toaster } from "./ui/toast.tsx";
import { TooltipProvider } from "./ui/tooltip.tsx";

/** Each page is a chunk of its own; the canvas is the large one. */
const page = <P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> =>
  lazy(async () => ({ default: await load() }));

const AgentEditor = page(() => import("./canvas/agent-editor.tsx").then((module) => module.AgentEditor));

export function App() {
  return (
    <TooltipProvider>
      <Shell>
        <PageErrors>
          <Suspense
            fallback={
              <div className="flex h-full items-center justify-center">
                <Spinner />
              </div>
            }
          >
            <Switch>
              <Route path="/agents/:id">{({ id }) => <AgentEditor key={id} id={id} />}</Route>
              <Route>
                <NotFoundPage />
              </Route>
            </Switch>
          </Suspense>
        </PageErrors>
      </Shell>
      <Toaster />
    </TooltipProvider>
  );
}
