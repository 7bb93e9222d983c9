import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { BodyViews } from "../hooks/body-views.tsx";
import { openAgent } from "../session/open-agent.ts";
import type { Workbench } from "../session/workbench.ts";
import { TopBar } from "../shell/top-bar.tsx";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Frame } from "./frame.tsx";

/** Opens an agent for editing. `?try` in the URL opens the chat panel. */
export function AgentEditor({ id }: { id: string }) {
  const { t } = useTranslation("panels");
  const client = useQueryClient();
  const [opened, setOpened] = useState<Workbench | { failed: Error }>();
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens it again
  useEffect(() => {
    const abort = new AbortController();
    let workbench: Workbench | undefined;
    openAgent(id, abort.signal).then(
      (made) => {
        if (abort.signal.aborted) return made.close();
        workbench = made;
        if (new URLSearchParams(window.location.search).has("try")) made.panels.open("try");
        setOpened(made);
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setOpened({ failed: error instanceof Error ? error : new Error(String(error)) });
      },
    );
    return () => {
      abort.abort();
      // Unsaved changes are sent now; this browser keeps them until they have arrived.
      void workbench?.saver.flush().finally(() => client.invalidateQueries({ queryKey: ["agents"] }));
      workbench?.close();
      setOpened(undefined);
    };
  }, [id, attempt, client]);

  if (!opened || "failed" in opened)
    return (
      <>
        <TopBar
          crumbs={[{ label: t("pages.agents", { ns: "canvas" }), href: "/" }, { label: "…" }]}
          title={t("agent")}
        />
        <div className="flex h-full items-center justify-center p-8">
          {opened ? (
            <Notice
              tone="bad"
              title={t("loadFailed")}
              actions={<Button onClick={() => setAttempt(attempt + 1)}>{t("retry", { ns: "common" })}</Button>}
            >
              {opened.failed.message}
            </Notice>
          ) : (
            <Spinner label={t("opening")} />
          )}
        </div>
      </>
    );
  return (
    <BodyViews root={opened}>
      <Frame />
    </BodyViews>
  );
}
