import { useTranslation } from "react-i18next";
import type { EventOf, PromptPiece } from "../../runtime/event.ts";
import { type Message, messageText } from "../../runtime/message.ts";
import * as format from "../i18n/format.ts";
import { TONE_FILL, type Tone } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { More } from "./parts.tsx";

const TONES: Record<PromptPiece["name"], Tone> = {
  system: "neutral",
  capabilities: "any",
  examples: "json",
  tools: "tools",
  knowledge: "documents",
  history: "messages",
  message: "text",
};

/** The built prompt of a model step: a bar of tokens by piece, what was cut, and the messages. */
export function PromptBar({ prompt, messages }: { prompt: EventOf<"prompt-built">; messages: readonly Message[] }) {
  const { t } = useTranslation("panels");
  const pieces = prompt.pieces.filter((piece) => piece.tokens > 0 || piece.cut);
  // A prompt far below its limit would be too small to see, so it fills at least a third of the bar.
  const scale = Math.max(1, Math.min(Math.max(prompt.limit, prompt.tokens), prompt.tokens * 3));
  const width = (tokens: number) => `${(tokens / scale) * 100}%`;
  return (
    <div>
      <div
        className="flex h-2 gap-px overflow-hidden rounded-full bg-line"
        role="img"
        aria-label={t("promptTokens", { tokens: format.number(prompt.tokens), limit: format.number(prompt.limit) })}
      >
        {pieces.map((piece) => (
          <span
            key={piece.name}
            className={TONE_FILL[TONES[piece.name]]}
            style={{ width: width(piece.tokens), minWidth: piece.tokens > 0 ? 2 : 0 }}
          />
        ))}
      </div>
      <ul className="mt-2 grid grid-cols-2 gap-x-4 gap-y-1">
        {pieces.map((piece) => (
          <li key={piece.name} className="flex items-baseline gap-1.5 text-sm">
            <span
              aria-hidden
              className={cx("size-2 shrink-0 translate-y-px rounded-xs", TONE_FILL[TONES[piece.name]])}
            />
            <span className="min-w-0 flex-1 text-ink-2">
              {t(`piece.${piece.name}`)}
              {piece.cut && piece.cut.count > 0 && (
                <span className="block text-warn text-xs">
                  {t(`cut.${piece.cut.unit}`, { count: piece.cut.count })}
                </span>
              )}
            </span>
            <span className="text-ink-3 tnum">{format.number(piece.tokens)}</span>
          </li>
        ))}
      </ul>
      <div className="mt-2.5">
        <More label={t("readPrompt")} note={`${prompt.model} · ${prompt.format}`}>
          <ol className="-mt-2 flex flex-col gap-2">
            {messages.map((message, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: messages of a prompt are identified by their position
              <li key={index} className="rounded-md border border-line bg-paper px-2.5 py-1.5">
                <p className="text-ink-3 text-xs">{t(`role.${message.role}`)}</p>
                <pre className="max-h-72 overflow-auto whitespace-pre-wrap break-words font-sans text-sm">
                  {messageText(message) || callsText(message)}
                </pre>
              </li>
            ))}
          </ol>
        </More>
      </div>
    </div>
  );
}

function callsText(message: Message): string {
  return message.role === "assistant"
    ? (message.calls ?? []).map((call) => `${call.name} ${JSON.stringify(call.arguments ?? call.raw)}`).join("\n")
    : "";
}
