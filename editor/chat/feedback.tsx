import { ThumbsDown, ThumbsUp } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button.tsx";
import { Form } from "../ui/form.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Textarea } from "../ui/input.tsx";
import type { Rating } from "./visit.ts";

/** Thumbs up and down below a reply. */
export function Thumbs({ rating, onThumb }: { rating?: Rating; onThumb(score: 1 | -1): void }) {
  const { t } = useTranslation("chat");
  return ([1, -1] as const).map((score) => (
    <IconButton
      key={score}
      icon={score === 1 ? ThumbsUp : ThumbsDown}
      size="sm"
      label={t(score === 1 ? "good" : "bad")}
      pressed={rating?.score === score}
      onClick={() => onThumb(score)}
    />
  ));
}

/** An optional comment after a thumb. The thumb is stored without it. */
export function Comment({
  rating,
  onSend,
  onClose,
}: {
  rating: Rating;
  /** Rejects if the comment could not be sent. */
  onSend(comment: string): Promise<void>;
  onClose(): void;
}) {
  const { t } = useTranslation("chat");
  const [comment, setComment] = useState(rating.comment ?? "");
  const [state, setState] = useState<"writing" | "sending" | "failed">("writing");
  return (
    <Form
      className="flex max-w-md flex-col gap-2 rounded-lg border border-line bg-surface p-3"
      onSubmit={() => {
        setState("sending");
        onSend(comment.trim()).then(onClose, () => setState("failed"));
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.stopPropagation();
        onClose();
      }}
    >
      <Textarea
        autoFocus
        rows={2}
        maxLength={4000}
        aria-label={t("comment")}
        placeholder={t(rating.score < 0 ? "badWhy" : "goodWhy")}
        value={comment}
        onChange={(event) => setComment(event.target.value)}
      />
      {state === "failed" && (
        <p role="alert" className="text-bad text-sm">
          {t("offline")}
        </p>
      )}
      <div className="flex justify-end gap-2">
        <Button size="sm" onClick={onClose}>
          {t("close", { ns: "common" })}
        </Button>
        <Button size="sm" variant="solid" type="submit" busy={state === "sending"} disabled={comment.trim() === ""}>
          {t("send")}
        </Button>
      </div>
    </Form>
  );
}
