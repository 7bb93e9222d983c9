import { Upload } from "lucide-react";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { WindowDrop } from "../../ui/drop-zone.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { TemplateGallery } from "./template-gallery.tsx";
import { useTemplateActions } from "./use-templates.ts";

export function TemplatesPage() {
  const { t } = useTranslation("templates");
  const [search, setSearch] = useState("");
  const { importFiles } = useTemplateActions();
  const picker = useRef<HTMLInputElement>(null);
  return (
    <Page
      wide
      crumbs={[{ label: t("title") }]}
      title={t("title")}
      lead={t("lead")}
      actions={
        <>
          <SearchInput value={search} onChange={setSearch} label={t("search")} className="w-64" />
          <Button icon={Upload} onClick={() => picker.current?.click()} busy={importFiles.isPending}>
            {t("import")}
          </Button>
          <input
            ref={picker}
            type="file"
            accept=".json,application/json"
            multiple
            className="hidden"
            aria-label={t("import")}
            onChange={(event) => {
              importFiles.mutate([...(event.target.files ?? [])]);
              event.target.value = "";
            }}
          />
        </>
      }
    >
      <WindowDrop title={t("drop")} hint={t("dropHint")} onFiles={(files) => importFiles.mutate(files)} />
      <TemplateGallery large managed search={search} onClear={() => setSearch("")} />
    </Page>
  );
}
