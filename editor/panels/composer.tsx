import { CircleStop, Plus, SendHorizontal } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { Form } from "../ui/form.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { inputClass } from "../ui/input.tsx";

const MAX_HEIGHT_PX = 200;

export interface ComposerProps {
  id: string;
  label: string;
  placeholder: string;
  /** The label of the send button. */
  send: string;
  rows?: number;
  text: string;
  onText(text: string): void;
  /** A reply is being produced: the button stops it. */
  busy: boolean;
  disabled?: boolean;
  onSend(): void;
  onStop(): void;
  /** Starts a new conversation; absent if this one is empty. */
  onRestart?(): void;
}

/** The message field of a conversation. It grows with its text; Enter sends, Shift+Enter adds a line. */
export function Composer({
  id,
  label,
  placeholder,
  send,
  rows = 1,
  text,
  onText,
  busy,
  disabled,
  onSend,
  onStop,
  onRestart,
}: ComposerProps) {
  const { t } = useTranslation("panels");
  const area = useRef<HTMLTextAreaElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useEffect(() => {
    const box = area.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(MAX_HEIGHT_PX, box.scrollHeight + 2)}px`;
  }, [text]);
  const onKeyDown = (event: KeyboardEvent) => {
    // An Enter that ends input-method composition does not send.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onSend();
  };
  return (
    <Form onSubmit={onSend} className="flex items-end gap-1.5">
      {onRestart && <IconButton icon={Plus} label={t("newConversation")} side="top" onClick={onRestart} />}
      <textarea
        id={id}
        ref={area}
        rows={rows}
        disabled={disabled}
        aria-label={label}
        placeholder={placeholder}
        className={cx(inputClass, "min-h-8 flex-1 resize-none py-1.5 leading-snug")}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {busy ? (
        <Button icon={CircleStop} onClick={onStop}>
          {t("stop")}
        </Button>
      ) : (
        <Button
          type="submit"
          variant="solid"
          icon={SendHorizontal}
          aria-label={send}
          className="!px-2.5"
          disabled={disabled || text.trim() === ""}
        />
      )}
    </Form>
  );
}
