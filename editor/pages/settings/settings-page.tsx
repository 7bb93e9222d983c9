import { ExternalLink, Monitor, Moon, Sun } from "lucide-react";
import { useTranslation } from "react-i18next";
import { setLanguage } from "../../i18n/index.ts";
import type { Language } from "../../session/preferences.ts";
import { Page, Section } from "../../shell/page.tsx";
import { Mark } from "../../shell/shell.tsx";
import { Field } from "../../ui/field.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { NavTabs } from "../../ui/tabs.tsx";
import { setPreferences, usePreferences } from "../../ui/theme.ts";
import { RetentionDialog } from "./run-retention.tsx";

export function SettingsTabs({ current }: { current: "general" | "secrets" | "keys" | "backup" }) {
  const { t } = useTranslation("settings");
  return (
    <NavTabs
      label={t("label")}
      current={current}
      tabs={[
        { id: "general", label: t("tabs.general"), href: "/settings" },
        { id: "secrets", label: t("tabs.secrets"), href: "/settings/secrets" },
        { id: "keys", label: t("tabs.keys"), href: "/settings/keys" },
        { id: "backup", label: t("tabs.backup"), href: "/settings/backup" },
      ]}
    />
  );
}

export function SettingsPage() {
  const { t, i18n } = useTranslation(["settings", "shell"]);
  const theme = usePreferences((state) => state.theme);
  const contrast = usePreferences((state) => state.contrast);
  return (
    <Page crumbs={[{ label: t("title") }]} title={t("title")} tabs={<SettingsTabs current="general" />}>
      <Section title={t("appearance")}>
        <div className="flex flex-col items-start gap-5">
          <Field label={t("theme")}>
            <Segmented
              label={t("theme")}
              value={theme}
              onChange={(next) => setPreferences({ theme: next })}
              options={[
                { value: "system", label: t("shell:themeSystem"), icon: Monitor },
                { value: "light", label: t("shell:themeLight"), icon: Sun },
                { value: "dark", label: t("shell:themeDark"), icon: Moon },
              ]}
            />
          </Field>
          <Field label={t("contrast")}>
            <Segmented
              label={t("contrast")}
              value={contrast}
              onChange={(next) => setPreferences({ contrast: next })}
              options={[
                { value: "normal", label: t("contrastNormal") },
                { value: "more", label: t("contrastMore") },
              ]}
            />
          </Field>
          <Field label={t("language")} help={t("languageHelp")}>
            <Segmented<Language>
              label={t("language")}
              value={i18n.language === "zh" ? "zh" : "en"}
              onChange={setLanguage}
              options={[
                { value: "en", label: "English" },
                { value: "zh", label: "中文" },
              ]}
            />
          </Field>
        </div>
      </Section>
      <Section title={t("runsTitle")}>
        <RetentionDialog />
      </Section>
      <Section title={t("about")}>
        <div className="flex gap-4 rounded-xl border border-line bg-surface p-4">
          <Mark size={36} />
          <div className="min-w-0">
            <p className="font-semibold">{t("version", { version: import.meta.env.PATCHBAY_VERSION })}</p>
            <p className="mt-1 max-w-[64ch] text-ink-2">{t("aboutLead")}</p>
            <p className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-1">
              <a
                href="/openapi.json"
                target="_blank"
                rel="noreferrer"
                title={t("openApiHelp")}
                className="inline-flex items-center gap-1 text-accent hover:underline"
              >
                {t("openApi")} <ExternalLink size={12} aria-hidden />
              </a>
              <span className="text-ink-3">{t("license")}</span>
            </p>
          </div>
        </div>
      </Section>
    </Page>
  );
}
