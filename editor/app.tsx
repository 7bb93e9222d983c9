import { type ComponentType, type LazyExoticComponent, lazy, Suspense } from "react";
import { Redirect, Route, Switch } from "wouter";
import { loadAgentEditor } from "./begin.ts";
import { CommandKey } from "./command-key.tsx";
import { NotFoundPage } from "./pages/not-found.tsx";
import { loadNodeModules } from "./session/node-modules.ts";
import { PageErrors } from "./shell/page-errors.tsx";
import { Shell } from "./shell/shell.tsx";
import { Spinner } from "./ui/spinner.tsx";
import { Toaster } from "./ui/toast.tsx";
import { TooltipProvider } from "./ui/tooltip.tsx";

/** Each page is a chunk of its own. A page renders after the node types are loaded. */
const page = <P extends object>(load: () => Promise<ComponentType<P>>): LazyExoticComponent<ComponentType<P>> =>
  lazy(async () => {
    const [component] = await Promise.all([load(), loadNodeModules()]);
    return { default: component };
  });

const AgentEditor = page(loadAgentEditor);
const GuidePage = page(() => import("./pages/guide/guide-page.tsx").then((module) => module.GuidePage));
const HomePage = page(() => import("./pages/home/home-page.tsx").then((module) => module.HomePage));
const KeysPage = page(() => import("./pages/settings/keys-page.tsx").then((module) => module.KeysPage));
const KnowledgeDetail = page(() =>
  import("./pages/knowledge/knowledge-detail.tsx").then((module) => module.KnowledgeDetail),
);
const KnowledgePage = page(() => import("./pages/knowledge/knowledge-page.tsx").then((module) => module.KnowledgePage));
const McpPage = page(() => import("./pages/tools/mcp-page.tsx").then((module) => module.McpPage));
const ModelsPage = page(() => import("./pages/models/models-page.tsx").then((module) => module.ModelsPage));
const ComparePage = page(() => import("./pages/compare/compare-page.tsx").then((module) => module.ComparePage));
const PastRun = page(() => import("./workbench/past-run.tsx").then((module) => module.PastRun));
const RunPage = page(() => import("./pages/runs/run-page.tsx").then((module) => module.RunPage));
const RunsPage = page(() => import("./pages/runs/runs-page.tsx").then((module) => module.RunsPage));
const InboxPage = page(() => import("./pages/runs/inbox-page.tsx").then((module) => module.InboxPage));
const BackupPage = page(() => import("./pages/settings/backup-page.tsx").then((module) => module.BackupPage));
const SecretsPage = page(() => import("./pages/settings/secrets-page.tsx").then((module) => module.SecretsPage));
const SessionPage = page(() => import("./pages/runs/sessions-page.tsx").then((module) => module.SessionPage));
const SessionsPage = page(() => import("./pages/runs/sessions-page.tsx").then((module) => module.SessionsPage));
const SettingsPage = page(() => import("./pages/settings/settings-page.tsx").then((module) => module.SettingsPage));
const TemplatesPage = page(() => import("./pages/templates/templates-page.tsx").then((module) => module.TemplatesPage));
const ToolsPage = page(() => import("./pages/tools/tools-page.tsx").then((module) => module.ToolsPage));
const TriggersPage = page(() => import("./pages/triggers/triggers-page.tsx").then((module) => module.TriggersPage));
const UsagePage = page(() => import("./pages/usage/usage-page.tsx").then((module) => module.UsagePage));
const VersionsPage = page(() => import("./pages/versions/versions-page.tsx").then((module) => module.VersionsPage));

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
              <Route path="/" component={HomePage} />
              <Route path="/templates" component={TemplatesPage} />
              <Route path="/agents/:id">{({ id }) => <AgentEditor key={id} id={id} />}</Route>
              <Route path="/agents/:id/versions">{({ id }) => <VersionsPage key={id} id={id} />}</Route>
              <Route path="/agents/:id/triggers">{({ id }) => <TriggersPage key={id} id={id} />}</Route>
              <Route path="/knowledge" component={KnowledgePage} />
              <Route path="/knowledge/:name">
                {({ name }) => <KnowledgeDetail key={name} name={decodeURIComponent(name)} />}
              </Route>
              <Route path="/tools" component={ToolsPage} />
              <Route path="/tools/servers" component={McpPage} />
              <Route path="/models" component={ModelsPage} />
              <Route path="/runs" component={RunsPage} />
              <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={id} />}</Route>
              <Route path="/runs/:id/graph">{({ id }) => <PastRun key={id} id={id} />}</Route>
              <Route path="/compare/:a/:b">
                {({ a, b }) => <ComparePage key={`${a} ${b}`} first={a} second={b} />}
              </Route>
              <Route path="/inbox" component={InboxPage} />
              <Route path="/waiting">
                <Redirect to="/inbox" replace />
              </Route>
              <Route path="/sessions" component={SessionsPage} />
              <Route path="/sessions/:id">{({ id }) => <SessionPage key={id} id={decodeURIComponent(id)} />}</Route>
              <Route path="/usage" component={UsagePage} />
              <Route path="/docs">
                <GuidePage />
              </Route>
              <Route path="/docs/:name">{({ name }) => <GuidePage key={name} name={name} />}</Route>
              <Route path="/settings" component={SettingsPage} />
              <Route path="/settings/secrets" component={SecretsPage} />
              <Route path="/settings/keys" component={KeysPage} />
              <Route path="/settings/backup" component={BackupPage} />
              <Route>
                <NotFoundPage />
              </Route>
            </Switch>
          </Suspense>
        </PageErrors>
      </Shell>
      <CommandKey />
      <Toaster />
    </TooltipProvider>
  );
}
