import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";

/** The button below a list that is not shown whole. */
export function ShowMore({ onMore, busy }: { onMore(): void; busy?: boolean }) {
  const { t } = useTranslation("common");
  return (
    <div className="mt-4 text-center">
      <Button busy={busy} onClick={onMore}>
        {t("showMore")}
      </Button>
    </div>
  );
}
