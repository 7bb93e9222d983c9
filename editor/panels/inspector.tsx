import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { GraphNode } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { type FormField, formFields } from "../fields/form-schema.ts";
import { JsonBox } from "../fields/json-field.tsx";
import { NodeField } from "../fields/node-field.tsx";
import { setNode, setWholeConfig, toggleBypass } from "../graph/commands.ts";
import { fieldOf, fixFor } from "../graph/quick-fixes.ts";
import { useIssueWords } from "../hooks/issue-words.ts";
import { NodeTile } from "../hooks/node-tile.tsx";
import { QuickFixButton } from "../hooks/quick-fix-button.tsx";
import { useQuietIssues } from "../hooks/use-quiet-issues.ts";
import {
  useDocument,
  useIsFresh,
  useLive,
  useNodeFacts,
  usePanels,
  useReader,
  useSelectedNode,
  useSelection,
  useWorkbench,
} from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { viewOf } from "../session/live-run.ts";
import { onlyNode } from "../session/selection.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { AgentForm } from "./agent-form.tsx";
import { BodyAbout } from "./body-about.tsx";
import { Connections } from "./connections.tsx";
import { FailureForm } from "./failure-form.tsx";
import { BuiltPrompt, LastRun } from "./last-run.tsx";
import { More } from "./parts.tsx";
import { PinnedNodeNotice } from "./pin-note.tsx";

/** The form of the selected node or, if nothing is selected, of the agent or body. `forSeveral`: the buttons for several nodes. */
export function Inspector({ forSeveral }: { forSeveral?: ReactNode }) {
  const { t } = useTranslation("panels");
  const { inside } = useWorkbench();
  const node = useSelectedNode();
  const several = useSelection((state) => state.nodes.size);
  const edges = useSelection((state) => state.edges.size);
  const id = useSelection(onlyNode);
  if (node) return <NodeForm key={id} node={node} />;
  if (several > 1)
    return (
      <div className="flex flex-col gap-4 px-4 py-5">
        <p className="text-ink-2">{t("nodesSelected", { count: several })}</p>
        {forSeveral}
      </div>
    );
  if (edges > 0) return <p className="px-4 py-6 text-ink-2">{t("edgeSelected")}</p>;
  return inside ? <BodyAbout inside={inside} /> : <AgentForm />;
}

function NodeForm({ node }: { node: GraphNode }) {
  const { t } = useTranslation("panels");
  const words = useNodeWords();
  const { definition } = useNodeFacts(node);
  const disabled = useDocument((state) => state.frozen);
  const workbench = useWorkbench();
  const view = useLive((state) => viewOf(state, node.id));
  const inspect = usePanels((state) => state.inspect);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: leaving a field ends its undo step
    <div id="inspector" className="flex flex-col" onBlur={() => workbench.document.seal()}>
      <header className="flex items-start gap-2.5 px-4 pt-4 pb-3">
        <NodeTile definition={definition} />
        <div className="min-w-0 flex-1">
          <input
            id="node-title"
            aria-label={t("nodeTitle")}
            className="-mx-1.5 w-full rounded-sm bg-transparent px-1.5 font-semibold text-md outline-none hover:bg-hover focus:bg-hover"
            value={node.title ?? ""}
            placeholder={words.title(node.type)}
            disabled={disabled}
            maxLength={200}
            onChange={(event) => workbench.apply(setNode(node.id, { title: event.target.value }))}
          />
          <p className="text-ink-3 text-sm">
            {words.summary(node.type)} <span className="font-mono text-xs">{node.id}</span>
          </p>
        </div>
      </header>
      {node.bypass && (
        <Notice
          className="mx-4 mb-3"
          actions={
            !disabled && (
              <Button size="sm" onClick={() => workbench.apply(toggleBypass(new Set([node.id])))}>
                {t("restore")}
              </Button>
            )
          }
        >
          {t("bypassed")}
        </Notice>
      )}
      <PinnedNodeNotice node={node.id} />
      {view && (
        <Segmented
          className="mx-4 mb-3.5"
          label={t("inspect")}
          value={inspect}
          onChange={(next) => workbench.panels.setState({ inspect: next })}
          options={[
            { value: "form", label: t("form") },
            { value: "run", label: t("lastRun") },
          ]}
        />
      )}
      {view && inspect === "run" ? (
        <LastRun node={node} />
      ) : (
        <>
          <BuiltPrompt node={node} />
          <Settings node={node} />
        </>
      )}
    </div>
  );
}

/** The node's config, its connections, and what happens when it fails. */
function Settings({ node }: { node: GraphNode }) {
  const { t } = useTranslation("panels");
  const { definition, config } = useNodeFacts(node);
  const disabled = useDocument((state) => state.frozen);
  const workbench = useWorkbench();
  const issues = useQuietIssues(node);
  if (!definition)
    return (
      <div className="flex flex-col gap-3 px-4 pb-4">
        <NodeIssues node={node} issues={issues} />
        <Notice tone="warn" title={t("unknownType", { type: node.type })}>
          {t("unknownTypeHelp")}
        </Notice>
        <JsonBox
          place={`${node.id}/`}
          value={node.config}
          set={(value) => workbench.apply(setWholeConfig(node.id, value))}
          label={t("config")}
          disabled={disabled}
          minLines={8}
        />
      </div>
    );
  return (
    <>
      <ConfigForm node={node} config={config} fields={formFields(definition)} issues={issues} disabled={disabled} />
      <NodeIssues node={node} issues={issues} />
      {definition.role !== "annotation" && <Connections node={node} />}
      {canFail(definition) && <FailureForm node={node} disabled={disabled} />}
    </>
  );
}

/** Issues without a field in the form, below it. The others are shown below their fields. */
function NodeIssues({ node, issues }: { node: GraphNode; issues: readonly Issue[] }) {
  const words = useIssueWords();
  const reader = useReader();
  const { graph } = useWorkbench();
  const fresh = useIsFresh(node.id);
  const rest = issues.filter((issue) => fieldOf(issue) === undefined);
  if (rest.length === 0) return null;
  if (fresh) return <NextSteps issues={rest} />;
  return (
    <div className="flex flex-col gap-2 px-4 pb-3">
      {rest.slice(0, 4).map((issue) => {
        const fix = fixFor(issue, graph(), reader);
        const text = words(issue);
        return (
          <Notice
            key={`${issue.code} ${issue.path} ${issue.port}`}
            tone={issue.severity === "error" ? "bad" : "warn"}
            title={text.message}
            actions={fix && <QuickFixButton fix={fix} />}
          >
            {!fix && text.fix}
          </Notice>
        );
      })}
    </div>
  );
}

/** What a new node still needs. It becomes an issue when the node is changed, or at the next run. */
function NextSteps({ issues }: { issues: readonly Issue[] }) {
  const { t } = useTranslation("panels");
  const words = useIssueWords();
  const reader = useReader();
  const { graph } = useWorkbench();
  return (
    <div className="px-4 pb-3 text-ink-2 text-sm">
      <p>{t("notConnected")}</p>
      <ul className="mt-1.5 flex flex-col gap-1.5">
        {issues.slice(0, 4).map((issue) => {
          const fix = fixFor(issue, graph(), reader);
          return (
            <li
              key={`${issue.code} ${issue.path} ${issue.port}`}
              className="flex flex-wrap items-center gap-x-2 gap-y-1"
            >
              <span className="text-ink-3">{words(issue).message}</span>
              {fix && <QuickFixButton fix={fix} />}
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function ConfigForm({
  node,
  config,
  fields,
  issues,
  disabled,
}: {
  node: GraphNode;
  config?: Record<string, unknown>;
  fields: FormField[];
  issues: readonly Issue[];
  disabled: boolean;
}) {
  const { t } = useTranslation(["panels", "common"]);
  const issueText = useIssueWords();
  const raw = (typeof node.config === "object" && node.config !== null ? node.config : {}) as Record<string, unknown>;
  const full = config ?? { ...Object.fromEntries(fields.map((field) => [field.name, field.fallback])), ...raw };
  const fresh = useIsFresh(node.id);
  const textsOf = (severity: Issue["severity"]) => {
    const texts = new Map<string, string>();
    for (const issue of issues) {
      const field = fieldOf(issue);
      if (fresh || field === undefined || issue.severity !== severity || texts.has(field)) continue;
      const { message, fix } = issueText(issue);
      // How to write braces is not plain from what is wrong with them.
      texts.set(field, issue.code === "bad-template" && fix ? `${message} ${fix}` : message);
    }
    return texts;
  };
  const errors = textsOf("error");
  const warnings = textsOf("warning");
  const show = (field: FormField) => (
    <NodeField
      key={field.name}
      node={node.id}
      type={node.type}
      name={field.name}
      value={field.name in raw ? raw[field.name] : field.fallback}
      hint={field.hint}
      schema={field.schema}
      config={full}
      error={errors.get(field.name)}
      warning={warnings.get(field.name)}
      disabled={disabled}
    />
  );
  const plain = fields.filter((field) => !field.hint.advanced && applies(field, full));
  const more = fields.filter((field) => field.hint.advanced);
  const changed = more.filter(
    (field) => field.name in raw && JSON.stringify(raw[field.name]) !== JSON.stringify(field.fallback),
  );
  return (
    <div className="flex flex-col gap-4 px-4 pb-4">
      {plain.map(show)}
      {more.length > 0 && (
        <More
          label={t("common:more")}
          note={changed.length > 0 ? t("changed", { count: changed.length }) : undefined}
          open={more.some((field) => errors.has(field.name))}
        >
          {more.map(show)}
        </More>
      )}
      {fields.length === 0 && <p className="text-ink-3">{t("nothingToSet")}</p>}
    </div>
  );
}

const canFail = ({ role }: NodeDefinition) => role !== "annotation" && role !== "input" && role !== "output";

const applies = ({ hint: { when } }: FormField, config: Record<string, unknown>): boolean =>
  when === undefined || config[when.key] === when.is;
