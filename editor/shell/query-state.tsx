import type { UseQueryResult } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ERROR_CODES, type ErrorCode } from "../../runtime/error.ts";
import { ApiError } from "../api/api.ts";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Skeleton } from "../ui/progress.tsx";
import { toast } from "../ui/toast.tsx";

/** An error: a title in the current language, and below it the server's message with the cause and the fix. */
export function ErrorNotice({ error, onRetry, className }: { error: unknown; onRetry?(): void; className?: string }) {
  const words = useErrorWords();
  const { t } = useTranslation("common");
  const { title, detail } = words(error);
  return (
    <Notice
      tone="bad"
      title={title}
      className={className}
      actions={
        onRetry && (
          <Button size="sm" icon={RotateCw} onClick={onRetry}>
            {t("retry")}
          </Button>
        )
      }
    >
      {detail}
    </Notice>
  );
}

/** Turns any rejection into a title in the current language and a detail. */
export function useErrorWords(): (error: unknown) => { title: string; detail: string } {
  const { t } = useTranslation(["common", "errors"]);
  return (error) => {
    const code = error instanceof ApiError ? error.code : undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (code === "network") return { title: t("error.network"), detail: t("error.networkHelp") };
    if (code === "unauthorized") return { title: t("error.unauthorized"), detail: t("error.unauthorizedHelp") };
    if (ERROR_CODES.includes(code as ErrorCode)) return { title: t(`errors:${code as ErrorCode}`), detail: message };
    return { title: t("error.title"), detail: message };
  };
}

/** Shows a rejection as a toast. */
export function useErrorToast(): (error: unknown) => void {
  const words = useErrorWords();
  return (error) => toast({ tone: "bad", ...words(error) });
}

/**
 * The content of a query: placeholders while it loads, the error with a retry button, or `children(data)`. Loaded data
 * stays visible while it reloads.
 */
export function Loaded<D>({
  query,
  skeleton,
  children,
}: {
  query: UseQueryResult<D>;
  skeleton?: ReactNode;
  children: (data: D) => ReactNode;
}) {
  const { t } = useTranslation("common");
  if (query.data !== undefined) return children(query.data);
  if (query.isError) return <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />;
  return (
    <div role="status" aria-label={t("loading")}>
      {skeleton ?? <RowsSkeleton />}
    </div>
  );
}

export function RowsSkeleton({ rows = 5 }: { rows?: number }) {
  return (
    <div className="flex flex-col gap-px overflow-hidden rounded-xl border border-line bg-surface p-4">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity
        <div key={row} className="flex items-center gap-4 py-2">
          <Skeleton className="h-4 w-1/3" />
          <Skeleton className="h-4 w-1/5" />
          <Skeleton className="ml-auto h-4 w-16" />
        </div>
      ))}
    </div>
  );
}
