import { Pencil, RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { WaitDecision as Decision, Wait } from "../../runtime/event.ts";
import { outputText } from "../graph/output-texts.ts";
import { Button, type ButtonSize } from "../ui/button.tsx";
import { Textarea } from "../ui/input.tsx";
import { ValueView } from "./value-view.tsx";
import { WaitChoices } from "./wait-choices.tsx";

/**
 * The exact arguments or value that a person decides on, and the decisions. They can be edited before they are approved;
 * the server checks edited arguments against the tool's schema.
 */
export function WaitDecision({
  wait,
  size,
  disabled,
  busy,
  label,
  onDecide,
}: {
  wait: Pick<Wait, "wait" | "kind" | "call">;
  size?: ButtonSize;
  disabled: boolean;
  /** The decision that is being sent. */
  busy?: Decision["choice"];
  label?(choice: Decision["choice"]): string;
  onDecide(decision: Decision): void;
}) {
  const { t } = useTranslation("panels");
  const { call } = wait;
  const [text, setText] = useState<string>();
  const edited = text === undefined ? {} : readEdited(text, call?.arguments);
  const name = t(call?.tool ? "exactArguments" : "exactValue");
  const decide = (choice: Decision["choice"]) =>
    onDecide({
      wait: wait.wait,
      choice,
      ...(choice === "approve" && "value" in edited && { value: edited.value }),
    });
  return (
    <>
      {call && (
        <div className="mt-2 flex flex-col gap-1.5">
          {call.tool && <p className="font-mono text-ink-2 text-xs">{call.tool}</p>}
          {text === undefined ? (
            <ValueView value={call.arguments} name={name} />
          ) : (
            <Textarea
              autoFocus
              aria-label={name}
              aria-invalid={edited.fault !== undefined}
              mono={typeof call.arguments !== "string"}
              rows={Math.min(14, Math.max(3, text.split("\n").length))}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
          {edited.fault && (
            <p role="alert" className="text-bad text-sm">
              {t("notJson", { ns: "testing", message: edited.fault })}
            </p>
          )}
          {wait.kind !== "uncertain" && (
            <Button
              size="sm"
              variant="ghost"
              className="self-start"
              icon={text === undefined ? Pencil : RotateCcw}
              disabled={disabled}
              onClick={() => setText(text === undefined ? outputText(call.arguments) : undefined)}
            >
              {t(text === undefined ? "editBeforeApproval" : "discardEdit")}
            </Button>
          )}
        </div>
      )}
      <WaitChoices
        kind={wait.kind}
        size={size}
        busy={busy}
        disabled={disabled || edited.fault !== undefined}
        label={(choice) =>
          choice === "approve" && "value" in edited ? t("approveEdited") : (label?.(choice) ?? t(`choice.${choice}`))
        }
        onChoose={decide}
      />
    </>
  );
}

/** A text stays a text; everything else is JSON. `value` is absent when nothing changed. */
function readEdited(text: string, original: unknown): { value?: unknown; fault?: string } {
  if (text === outputText(original)) return {};
  if (typeof original === "string") return { value: text };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}
