import { useTranslation } from "react-i18next";
import { Page } from "../../shell/page.tsx";
import { BackUp } from "./back-up.tsx";
import { Restore } from "./restore.tsx";
import { SettingsTabs } from "./settings-page.tsx";

/** Backs up the whole instance as one file, and restores it. */
export function BackupPage() {
  const { t } = useTranslation("settings");
  return (
    <Page
      crumbs={[{ label: t("title"), href: "/settings" }, { label: t("tabs.backup") }]}
      title={t("tabs.backup")}
      lead={t("backup.lead")}
      tabs={<SettingsTabs current="backup" />}
    >
      <BackUp />
      <Restore />
    </Page>
  );
}
