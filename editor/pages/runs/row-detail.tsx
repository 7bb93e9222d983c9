import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { EventOf, PromptPiece } from "../../../runtime/event.ts";
import { type Message, messageText } from "../../../runtime/message.ts";
import { modelName } from "../../../runtime/tool.ts";
import { number, span } from "../../i18n/format.ts";
import { Badge, TONE_FILL, type Tone } from "../../ui/badge.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { cx } from "../../ui/cx.ts";
import { Notice } from "../../ui/notice.tsx";
import type { TimelineRow } from "./timeline.ts";

/** What a row's part of the run took and gave, as its events recorded it. */
export function RowDetail({ row }: { row: TimelineRow }) {
  const { t } = useTranslation(["runs", "errors"]);
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
          {prompt && <Prompt prompt={prompt} />}
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
                  <CodeBlock key={port} label={port} code={written(value)} wrap />
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

const written = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));

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
            {hit.text && <p className="mt-1 line-clamp-3 text-ink-2">{hit.text}</p>}
          </li>
        ))}
      </ol>
    </Part>
  );
}

const PIECE_TONE: Record<PromptPiece["name"], Tone> = {
  system: "neutral",
  capabilities: "any",
  examples: "json",
  tools: "tools",
  knowledge: "documents",
  history: "messages",
  message: "text",
};

/** The built prompt: how many tokens each piece took as a bar, what was cut, and below it the messages themselves. */
function Prompt({ prompt }: { prompt: EventOf<"prompt-built"> }) {
  const { t } = useTranslation("runs");
  return (
    <Part
      title={t("detail.prompt", { step: prompt.step + 1 })}
      aside={t("detail.promptTokens", { tokens: number(prompt.tokens), limit: number(prompt.limit) })}
    >
      <div aria-hidden className="flex h-2 gap-px overflow-hidden rounded-full bg-line">
        {prompt.pieces.map((piece) => (
          <span
            key={piece.name}
            className={TONE_FILL[PIECE_TONE[piece.name]]}
            style={{ width: `${(piece.tokens / prompt.limit) * 100}%` }}
          />
        ))}
      </div>
      <ul className="mt-2 flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {prompt.pieces.map((piece) => (
          <li key={piece.name} className="flex items-center gap-1.5">
            <span aria-hidden className={cx("size-2 rounded-xs", TONE_FILL[PIECE_TONE[piece.name]])} />
            <span className="text-ink-2">{t(`detail.piece.${piece.name}`)}</span>
            <span className="tnum">{number(piece.tokens)}</span>
            {piece.cut && (
              <span className="text-warn">{t(`detail.cut.${piece.cut.unit}`, { count: piece.cut.count })}</span>
            )}
          </li>
        ))}
      </ul>
      <details className="mt-2">
        <summary className="text-ink-2 text-sm">
          {prompt.model} · {prompt.format}
        </summary>
        <div className="mt-2 flex flex-col gap-2">
          {prompt.messages.map((message, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a message is its place in the prompt
            <MessageBlock key={index} message={message} />
          ))}
        </div>
      </details>
    </Part>
  );
}

function MessageBlock({ message }: { message: Message }) {
  const { t } = useTranslation("runs");
  const calls =
    message.role === "assistant" && message.calls?.length ? `\n\n${JSON.stringify(message.calls, null, 2)}` : "";
  return <CodeBlock label={t(`detail.role.${message.role}`)} code={`${messageText(message)}${calls}`} wrap />;
}

function Said({ message: event }: { message: EventOf<"message"> }) {
  const { t } = useTranslation("runs");
  const { message } = event;
  return (
    <Part
      title={t("detail.said", { step: event.step + 1 })}
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
            code={written(call.arguments ?? call.raw ?? {})}
            wrap
          />
        ))}
      </Stack>
    </Part>
  );
}

function Call({ start, end }: { start: EventOf<"tool-start">; end?: EventOf<"tool-end"> }) {
  const { t } = useTranslation("runs");
  return (
    <Stack>
      <CodeBlock
        label={t("detail.called", { tool: start.tool ? modelName(start.tool) : start.call.name })}
        code={written(start.call.arguments ?? start.call.raw ?? {})}
        wrap
      />
      {end &&
        (end.result.error ? (
          <Notice tone="bad" title={t("detail.error")}>
            <pre className="whitespace-pre-wrap break-words text-sm">{end.result.content}</pre>
          </Notice>
        ) : (
          <CodeBlock label={`${t("detail.result")} · ${span(end.ms)}`} code={end.result.content} wrap />
        ))}
    </Stack>
  );
}
