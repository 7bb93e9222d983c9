import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { EventOf } from "../../../runtime/event.ts";
import { modelName } from "../../../runtime/model-name.ts";
import { outputText } from "../../graph/output-texts.ts";
import { number, span } from "../../i18n/format.ts";
import { PromptBar } from "../../panels/prompt-bar.tsx";
import { promptMessages } from "../../panels/prompt-messages.ts";
import { Badge } from "../../ui/badge.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { cx } from "../../ui/cx.ts";
import { Notice } from "../../ui/notice.tsx";
import { PassageText } from "../../ui/passage-text.tsx";
import type { TimelineRow } from "./timeline.ts";

/** The input and output of a timeline row, as recorded in the events. */
export function RowDetail({ row }: { row: TimelineRow }) {
  const { t } = useTranslation(["runs", "errors", "panels"]);
  const { what } = row;
  switch (what.is) {
    case "search":
      return <Search retrieval={what.retrieval} />;
    case "tool":
      return <Call start={what.tool.start} end={what.tool.end} />;
    case "step": {
      const prompt = what.view.prompts.find((one) => one.step === what.message.step);
      return (
        <Stack>
          {prompt && (
            <Part
              title={t("detail.prompt", { step: prompt.step + 1 })}
              aside={t("panels:promptTokens", { tokens: number(prompt.tokens), limit: number(prompt.limit) })}
            >
              <PromptBar prompt={prompt} messages={promptMessages(upTo(what.view.prompts, prompt))} />
            </Part>
          )}
          <Said message={what.message} />
        </Stack>
      );
    }
    case "node": {
      const { view } = what;
      return (
        <Stack>
          {(view.attempts > 1 || view.pinned) && (
            <div className="flex gap-2">
              {view.attempts > 1 && <Badge tone="warn">{t("detail.attempts", { count: view.attempts })}</Badge>}
              {view.pinned && <Badge>{t("detail.pinned")}</Badge>}
            </div>
          )}
          {view.error && (
            <Notice tone="bad" title={t(`errors:${view.error.code}`)}>
              {view.error.message}
            </Notice>
          )}
          {view.retrievals.map((retrieval) => (
            <Search key={retrieval.seq} retrieval={retrieval} />
          ))}
          {view.outputs && Object.keys(view.outputs).length > 0 && (
            <Part title={t("detail.outputs")}>
              <Stack>
                {Object.entries(view.outputs).map(([port, value]) => (
                  <CodeBlock key={port} label={port} code={outputText(value)} wrap />
                ))}
              </Stack>
            </Part>
          )}
          {!view.outputs && !view.error && view.retrievals.length === 0 && (
            <p className="text-ink-3">{t("detail.nothing")}</p>
          )}
        </Stack>
      );
    }
  }
}

const upTo = (prompts: EventOf<"prompt-built">[], last: EventOf<"prompt-built">) =>
  prompts.slice(0, prompts.indexOf(last) + 1);

function Stack({ children }: { children: ReactNode }) {
  return <div className="flex flex-col gap-3.5">{children}</div>;
}

function Part({ title, aside, children }: { title: ReactNode; aside?: ReactNode; children: ReactNode }) {
  return (
    <section>
      <h4 className="mb-1.5 flex items-baseline justify-between gap-3 font-medium text-ink-2 text-sm">
        <span>{title}</span>
        {aside && <span className="font-normal text-ink-3 tnum">{aside}</span>}
      </h4>
      {children}
    </section>
  );
}

function Search({ retrieval }: { retrieval: EventOf<"retrieval"> }) {
  const { t } = useTranslation("runs");
  const soft =
    retrieval.of === "knowledge" ? "bg-kind-documents/10 text-kind-documents" : "bg-kind-tools/10 text-kind-tools";
  return (
    <Part
      title={`${t("detail.found")}, ${t("detail.query", { query: retrieval.query })}`}
      aside={
        retrieval.among === undefined
          ? undefined
          : t("detail.among", { count: retrieval.hits.length, among: number(retrieval.among) })
      }
    >
      <ol className="flex flex-col gap-1.5">
        {retrieval.hits.map((hit) => (
          <li key={hit.id} className="rounded-md border border-line bg-surface px-3 py-2">
            <div className="flex flex-wrap items-center gap-2">
              <span className={cx("rounded-xs px-1.5 font-medium text-sm", soft)}>{hit.title}</span>
              <span className="text-ink-3 text-sm tnum">{number(hit.score, 3)}</span>
              {Object.entries(hit.ranks ?? {}).map(([search, rank]) => (
                <span key={search} className="text-ink-3 text-sm tnum">
                  {search} #{rank}
                </span>
              ))}
            </div>
            {hit.text && <PassageText text={hit.text} lines={3} className="mt-1 text-ink-2" />}
          </li>
        ))}
      </ol>
    </Part>
  );
}

function Said({ message: event }: { message: EventOf<"message"> }) {
  const { t } = useTranslation("runs");
  const { message } = event;
  return (
    <Part
      title={t("detail.completion", { step: event.step + 1 })}
      aside={[
        event.model,
        event.firstMs !== undefined && t("detail.firstToken", { time: span(event.firstMs) }),
        event.reason,
      ]
        .filter(Boolean)
        .join(" · ")}
    >
      <Stack>
        {message.reasoning && (
          <details>
            <summary className="text-ink-2 text-sm">…</summary>
            <p className="mt-1 whitespace-pre-wrap text-ink-2">{message.reasoning}</p>
          </details>
        )}
        {message.content && <CodeBlock code={message.content} wrap />}
        {message.calls?.map((call) => (
          <CodeBlock
            key={call.id}
            label={t("detail.called", { tool: call.name })}
            code={outputText(call.arguments ?? call.raw ?? {})}
            wrap
          />
        ))}
      </Stack>
    </Part>
  );
}

function Call({ start, end }: { start: EventOf<"tool-start">; end?: EventOf<"tool-end"> }) {
  const { t } = useTranslation(["runs", "panels"]);
  return (
    <Stack>
      <CodeBlock
        label={t("detail.called", { tool: start.tool ? modelName(start.tool) : start.call.name })}
        code={outputText(start.call.arguments ?? start.call.raw ?? {})}
        wrap
      />
      {start.proposed !== undefined && (
        <CodeBlock label={t("panels:proposedArguments")} code={outputText(start.proposed)} wrap />
      )}
      {end &&
        (end.result.error ? (
          <Notice tone="bad" title={t("detail.error")}>
            <pre className="whitespace-pre-wrap break-words text-sm">{end.result.content}</pre>
          </Notice>
        ) : (
          <CodeBlock label={`${t("panels:toolResult")} · ${span(end.ms)}`} code={end.result.content} wrap />
        ))}
    </Stack>
  );
}
