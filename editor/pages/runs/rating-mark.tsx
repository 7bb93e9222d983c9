import { MessageSquareText, ThumbsDown, ThumbsUp } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Rating } from "../../../server/contract/run.ts";
import { cx } from "../../ui/cx.ts";
import { Tooltip } from "../../ui/tooltip.tsx";

/** The rating of a run as a thumb; a comment adds a note icon, with the text in its tooltip. */
export function RatingMark({ rating }: { rating: Rating }) {
  const { t } = useTranslation("runs");
  const isBad = rating.score < 0;
  const Thumb = isBad ? ThumbsDown : ThumbsUp;
  const label = [t(isBad ? "rating.bad" : "rating.good"), rating.comment].filter(Boolean).join(": ");
  return (
    <Tooltip label={label}>
      <span role="img" aria-label={label} className="ml-1.5 inline-flex items-center gap-0.5 align-middle">
        <Thumb size={13} aria-hidden className={cx(isBad ? "text-bad" : "text-ok")} />
        {rating.comment && <MessageSquareText size={13} aria-hidden className="text-ink-3" />}
      </span>
    </Tooltip>
  );
}
