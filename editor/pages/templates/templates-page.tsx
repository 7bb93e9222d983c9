import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Page } from "../../shell/page.tsx";
import { WindowDrop } from "../../ui/drop-zone.tsx";
import { ImportButton } from "../../ui/import-button.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { TemplateGallery } from "./template-gallery.tsx";
import { useTemplateActions } from "./use-templates.ts";

export function TemplatesPage() {
  const { t } = useTranslation("templates");
  const [search, setSearch] = useState("");
  const { importFiles } = useTemplateActions();
  return (
    <Page
      wide
      crumbs={[{ label: t("title") }]}
      title={t("title")}
      lead={t("lead")}
      actions={
        <>
          <SearchInput value={search} onChange={setSearch} label={t("search")} className="w-64" />
          <ImportButton
            label={t("import")}
            busy={importFiles.isPending}
            onFiles={(files) => importFiles.mutate(files)}
          />
        </>
      }
    >
      <WindowDrop title={t("drop")} hint={t("dropHint")} onFiles={(files) => importFiles.mutate(files)} />
      <TemplateGallery large managed search={search} onClear={() => setSearch("")} />
    </Page>
  );
}
