/**
 * All UI text. English defines the keys: a key missing in Chinese does not type-check, and `i18n.test.ts` compares keys
 * and placeholders. One file per namespace and language: `en/runs.ts`, `zh/runs.ts`.
 */
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { networkTexts } from "../api/call.ts";
import { type Language, preferences } from "../session/preferences.ts";
import { en } from "./en/index.ts";
import { zh } from "./zh/index.ts";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: typeof en;
    returnNull: false;
  }
}

/** The language used until a person chooses one. */
function browserLanguage(): Language {
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export const i18n = i18next.createInstance();
void i18n.use(initReactI18next).init({
  resources: { en, zh },
  lng: preferences.getState().language ?? browserLanguage(),
  fallbackLng: "en",
  defaultNS: "common",
  interpolation: { escapeValue: false },
  returnNull: false,
  initAsync: false,
});
document.documentElement.lang = i18n.language;
i18n.on("languageChanged", (language) => {
  document.documentElement.lang = language;
});

networkTexts.offline = () => i18n.t("common:error.network");
networkTexts.lost = () => i18n.t("common:error.connectionLost");

export function setLanguage(language: Language): void {
  preferences.setState({ language });
  void i18n.changeLanguage(language);
}

export function language(): Language {
  return i18n.language === "zh" ? "zh" : "en";
}
