import { Cpu, RotateCw, Undo2 } from "lucide-react";
import { memo, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { ApiError } from "../api/api.ts";
import { useCatalogue, useDocument, useWorkbench } from "../hooks/use-workbench.ts";
import type { BuildState, BuildTurn } from "../session/build-conversation.ts";
import { type Catalogue, defaultModel } from "../session/catalogue.ts";
import { ErrorNotice } from "../shell/query-state.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button, LinkButton } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Select } from "../ui/select.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Composer } from "./composer.tsx";
import { Suggestions, UserMessage } from "./parts.tsx";
import { Proposal } from "./proposal.tsx";

const useBuilder = <T,>(pick: (state: BuildState) => T): T => useStore(useWorkbench().builder, pick);

/** The models that can propose a patch: all except the demo. The default comes first. */
function modelsForBuilding(catalogue: Catalogue): string[] {
  const first = defaultModel(catalogue);
  const names = catalogue.models.filter((model) => !model.demo).map((model) => model.name);
  return first && !first.demo ? [first.name, ...names.filter((name) => name !== first.name)] : names;
}

/** Builds the agent by conversation: the person asks for a change, a model proposes a patch, the person applies parts of it. */
export function BuildPanel() {
  const { t } = useTranslation("builder");
  const { builder } = useWorkbench();
  const turns = useBuilder((state) => state.turns);
  const chosen = useBuilder((state) => state.model);
  const draft = useBuilder((state) => state.draft);
  const catalogue = useCatalogue((state) => state);
  const models = modelsForBuilding(catalogue);
  const model = chosen !== undefined && models.includes(chosen) ? chosen : models[0];
  const scroller = useRef<HTMLDivElement>(null);
  const busy = turns.at(-1)?.state === "asking";

  // Scrolls to the start of the last turn.
  const last = turns.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs whenever the last turn changes
  useLayoutEffect(() => {
    scroller.current?.lastElementChild?.lastElementChild?.scrollIntoView({ block: "start" });
  }, [last?.id, last?.state]);

  const ask = (request: string) => {
    const trimmed = request.trim();
    if (trimmed === "" || busy || model === undefined) return;
    builder.setState({ draft: "" });
    void builder.ask(trimmed, model);
  };
  return (
    <div className="flex h-full min-h-0 flex-col bg-paper">
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto px-4 py-4">
        {catalogue.known && model === undefined && <NoModel />}
        {turns.length === 0 ? (
          <Start disabled={model === undefined} onPick={ask} />
        ) : (
          <ol className="flex flex-col gap-5" aria-label={t("conversation")}>
            {turns.map((turn, index) => (
              <TurnItem key={turn.id} turn={turn} last={index === turns.length - 1} model={model} />
            ))}
          </ol>
        )}
      </div>
      <footer className="flex shrink-0 flex-col gap-2 border-line border-t bg-surface p-3">
        <Composer
          id="build-request"
          label={t("request")}
          placeholder={t("requestEmpty")}
          send={t("send")}
          rows={2}
          text={draft}
          last={turns.at(-1)?.request}
          onText={(text) => builder.setState({ draft: text })}
          busy={busy}
          disabled={model === undefined}
          onSend={() => ask(draft)}
          onStop={builder.stop}
          onRestart={turns.length > 0 ? builder.restart : undefined}
        />
        {models.length > 1 && (
          <Select
            size="sm"
            label={t("model")}
            value={model}
            onChange={(next) => builder.setState({ model: next })}
            options={models.map((name) => ({ value: name, label: name, icon: Cpu }))}
          />
        )}
      </footer>
    </div>
  );
}

function NoModel() {
  const { t } = useTranslation(["builder", "canvas"]);
  return (
    <Notice
      tone="warn"
      className="mb-4"
      title={t("noModel")}
      actions={
        <LinkButton href="/models" size="sm" icon={Cpu}>
          {t("canvas:fix.models")}
        </LinkButton>
      }
    >
      {t("noModelHelp")}
    </Notice>
  );
}

function Start({ disabled, onPick }: { disabled: boolean; onPick(request: string): void }) {
  const { t } = useTranslation("builder");
  return (
    <div className="flex flex-col gap-3">
      <p className="text-ink-2">{t("start")}</p>
      <Suggestions
        label={t("examples")}
        messages={[t("example.first"), t("example.second"), t("example.third")]}
        disabled={disabled}
        onPick={onPick}
      />
    </div>
  );
}

const TurnItem = memo(function TurnItem({ turn, last, model }: { turn: BuildTurn; last: boolean; model?: string }) {
  const { t } = useTranslation(["builder", "panels"]);
  const { builder } = useWorkbench();
  const again = last && model !== undefined ? () => void builder.retry(model) : undefined;
  return (
    <li className="flex scroll-mt-4 flex-col gap-2.5">
      <UserMessage>{turn.request}</UserMessage>
      {turn.state === "asking" && (
        <p className="flex items-center gap-2 text-ink-2" role="status">
          <Spinner /> {t("asking")}
        </p>
      )}
      {turn.patch && <p className="whitespace-pre-wrap break-words">{turn.patch.summary}</p>}
      {turn.state === "proposed" && turn.patch && <Proposal turn={turn} patch={turn.patch} />}
      {turn.state === "applied" && <Applied turn={turn} last={last} />}
      {turn.state === "refused" && (
        <p>
          <Badge>{t("notApplied")}</Badge>
        </p>
      )}
      {turn.state === "stopped" && (
        <p className="flex items-center gap-2 text-ink-3">
          {t("panels:stopped")}
          {again && (
            <Button size="sm" icon={RotateCw} onClick={again}>
              {t("retry", { ns: "common" })}
            </Button>
          )}
        </p>
      )}
      {turn.state === "failed" &&
        (turn.error instanceof ApiError && turn.error.code === "model_missing" ? (
          <NoModel />
        ) : (
          <ErrorNotice error={turn.error} onRetry={again} />
        ))}
    </li>
  );
});

function Applied({ turn, last }: { turn: BuildTurn; last: boolean }) {
  const { t } = useTranslation("builder");
  const { document } = useWorkbench();
  const newest = useDocument((state) => state.past.at(-1)?.label === "build");
  const count = turn.applied?.size ?? 0;
  return (
    <p className="flex items-center gap-2" role="status">
      <Badge tone="ok" dot>
        {count === turn.patch?.parts.length ? t("applied") : t("appliedSome", { count })}
      </Badge>
      {last && newest && (
        <Button size="sm" variant="ghost" icon={Undo2} onClick={document.undo}>
          {t("action.undo", { ns: "canvas" })}
        </Button>
      )}
    </p>
  );
}
