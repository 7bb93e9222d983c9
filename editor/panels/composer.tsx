import { CircleStop, Plus, SendHorizontal } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { Form } from "../ui/form.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { inputClass } from "../ui/input.tsx";
import { AttachButton, type Attachments } from "./attachments.tsx";

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
  /** The last message, which ArrowUp puts into the empty field. */
  last?: string;
  /** Absent: no files can be attached. */
  attachments?: Attachments;
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
  last,
  attachments,
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
  const uploading = attachments !== undefined && attachments.uploading > 0;
  const empty = text.trim() === "" && !attachments?.files.length;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowUp" && text === "" && last) {
      event.preventDefault();
      onText(last);
      return;
    }
    // An Enter that ends input-method composition does not send.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    // Ctrl+Enter is the shortcut of the Run button.
    if (event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (!uploading) onSend();
  };
  return (
    <Form
      onSubmit={onSend}
      className={cx("flex items-end gap-1.5 rounded-md", attachments?.over && "outline-2 outline-accent")}
      {...attachments?.drop}
    >
      {onRestart && <IconButton icon={Plus} label={t("newConversation")} side="top" onClick={onRestart} />}
      {attachments && <AttachButton attachments={attachments} />}
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
        onPaste={attachments?.onPaste}
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
          disabled={disabled || uploading || empty}
        />
      )}
    </Form>
  );
}
