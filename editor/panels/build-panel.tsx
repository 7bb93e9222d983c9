import { CircleStop, Cpu, Plus, RotateCw, SendHorizontal, Undo2 } from "lucide-react";
import { type FormEvent, type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { ApiError } from "../api/api.ts";
import { useCatalogue, useDocument, useWorkbench } from "../hooks/use-workbench.ts";
import type { BuildState, BuildTurn } from "../session/build-conversation.ts";
import { type Catalogue, defaultModel } from "../session/catalogue.ts";
import { ErrorNotice } from "../shell/query-state.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button, LinkButton } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { inputClass } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { Select } from "../ui/select.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Proposal } from "./proposal.tsx";

const useBuilder = <T,>(pick: (state: BuildState) => T): T => useStore(useWorkbench().builder, pick);

/** Models that can be asked for a patch: all but the demo. The default stands first. */
function modelsForBuilding(catalogue: Catalogue): string[] {
  const first = defaultModel(catalogue);
  const names = catalogue.models.filter((model) => !model.demo).map((model) => model.name);
  return first && !first.demo ? [first.name, ...names.filter((name) => name !== first.name)] : names;
}

/** The conversation that builds the agent: the person says what they want, a model proposes, the person takes it part by part. */
export function BuildPanel() {
  const { t } = useTranslation("builder");
  const { builder } = useWorkbench();
  const turns = useBuilder((state) => state.turns);
  const chosen = useBuilder((state) => state.model);
  const catalogue = useCatalogue((state) => state);
  const models = modelsForBuilding(catalogue);
  const model = chosen !== undefined && models.includes(chosen) ? chosen : models[0];
  const scroller = useRef<HTMLDivElement>(null);
  const busy = turns.at(-1)?.state === "asking";

  // What was said last is what is read next.
  const last = turns.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it follows what is drawn, not what it reads
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
        <Composer busy={busy} disabled={model === undefined} fresh={turns.length === 0} onAsk={ask} />
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
  const { t } = useTranslation("builder");
  return (
    <Notice
      tone="warn"
      className="mb-4"
      title={t("noModel")}
      actions={
        <LinkButton href="/models" size="sm" icon={Cpu}>
          {t("addModel")}
        </LinkButton>
      }
    >
      {t("noModelHelp")}
    </Notice>
  );
}

function Start({ disabled, onPick }: { disabled: boolean; onPick(request: string): void }) {
  const { t } = useTranslation("builder");
  const examples = [t("example.first"), t("example.second"), t("example.third")];
  return (
    <div className="flex flex-col gap-3">
      <p className="text-ink-2">{t("start")}</p>
      <ul className="flex flex-col gap-1.5" aria-label={t("examples")}>
        {examples.map((example) => (
          <li key={example}>
            <button
              type="button"
              disabled={disabled}
              className="w-full rounded-lg border border-line bg-surface px-3 py-2 text-left hover:border-line-strong hover:bg-hover disabled:pointer-events-none disabled:text-ink-3"
              onClick={() => onPick(example)}
            >
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

const TurnItem = memo(function TurnItem({ turn, last, model }: { turn: BuildTurn; last: boolean; model?: string }) {
  const { t } = useTranslation("builder");
  const { builder } = useWorkbench();
  const again = last && model !== undefined ? () => void builder.retry(model) : undefined;
  return (
    <li className="flex scroll-mt-4 flex-col gap-2.5">
      <p className="ml-8 self-end whitespace-pre-wrap break-words rounded-xl rounded-br-sm bg-accent-soft px-3 py-2">
        {turn.request}
      </p>
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
          {t("stopped")}
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

function Composer({
  busy,
  disabled,
  fresh,
  onAsk,
}: {
  busy: boolean;
  disabled: boolean;
  fresh: boolean;
  onAsk(request: string): void;
}) {
  const { t } = useTranslation("builder");
  const { builder } = useWorkbench();
  const draft = useBuilder((state) => state.draft);
  const area = useRef<HTMLTextAreaElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useEffect(() => {
    const box = area.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(200, box.scrollHeight + 2)}px`;
  }, [draft]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAsk(draft);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onAsk(draft);
  };
  return (
    <form onSubmit={submit} className="flex items-end gap-1.5">
      {!fresh && <IconButton icon={Plus} label={t("restart")} side="top" onClick={builder.restart} />}
      <textarea
        id="build-request"
        ref={area}
        rows={2}
        disabled={disabled}
        aria-label={t("request")}
        placeholder={t("requestEmpty")}
        className={cx(inputClass, "min-h-8 flex-1 resize-none py-1.5 leading-snug")}
        value={draft}
        onChange={(event) => builder.setState({ draft: event.target.value })}
        onKeyDown={onKeyDown}
      />
      {busy ? (
        <Button icon={CircleStop} onClick={builder.stop}>
          {t("stop")}
        </Button>
      ) : (
        <Button
          type="submit"
          variant="solid"
          icon={SendHorizontal}
          aria-label={t("send")}
          className="!px-2.5"
          disabled={disabled || draft.trim() === ""}
        />
      )}
    </form>
  );
}
