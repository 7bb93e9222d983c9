import { useTranslation } from "react-i18next";
import { Button } from "./button.tsx";
import { Notice } from "./notice.tsx";

/** A search without results, and the button that clears it. */
export function NoMatch({ query, onClear }: { query: string; onClear?(): void }) {
  const { t } = useTranslation("common");
  const clear = (
    <Button size="sm" onClick={onClear}>
      {t("clearSearch")}
    </Button>
  );
  return <Notice title={t("noMatch", { query })} actions={onClear && clear} />;
}
