import { Unplug } from "lucide-react";
import { useTranslation } from "react-i18next";
import { TopBar } from "../shell/top-bar.tsx";
import { LinkButton } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";

export function NotFoundPage() {
  const { t } = useTranslation("common");
  return (
    <>
      <TopBar crumbs={[{ label: t("error.notFound") }]} />
      <div className="mx-auto max-w-xl px-6 pt-24">
        <EmptyState
          page
          icon={Unplug}
          title={t("error.notFound")}
          actions={
            <LinkButton href="/" variant="solid">
              {t("error.home")}
            </LinkButton>
          }
        >
          {t("error.notFoundHelp")}
        </EmptyState>
      </div>
    </>
  );
}
