import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { Toast as Radix } from "radix-ui";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import { Button } from "./button.tsx";
import { IconButton } from "./icon-button.tsx";

export interface ToastContent {
  title: string;
  detail?: string;
  /** `info`: nothing was done. Default `ok`. */
  tone?: "ok" | "bad" | "info";
  /** One action, usually an undo. */
  action?: { label: string; onSelect(): void };
}

const store = createStore<{ toasts: (ToastContent & { id: number })[] }>(() => ({ toasts: [] }));
let next = 1;

/**
 * Reports something that happened away from where the person is looking. Show messages about a field or list there
 * instead.
 */
export function toast(content: ToastContent): void {
  const id = next++;
  store.setState((state) => ({ toasts: [...state.toasts.slice(-2), { ...content, id }] }));
}

function drop(id: number): void {
  store.setState((state) => ({ toasts: state.toasts.filter((one) => one.id !== id) }));
}

/**
 * The container for toasts; used once. At the left, since the buttons of drawers and dialogs are at the right, beside the
 * navigation and above the zoom bar of the canvas.
 */
export function Toaster() {
  const toasts = useStore(store, (state) => state.toasts);
  const { t } = useTranslation("common");
  return (
    <Radix.Provider swipeDirection="left" label={t("notice")}>
      {toasts.map((one) => (
        <Radix.Root
          key={one.id}
          duration={one.tone === "bad" ? 12_000 : one.action ? 9_000 : 5_000}
          onOpenChange={(open) => !open && drop(one.id)}
          className="flex items-start gap-2.5 rounded-lg border border-line bg-raised py-2.5 pr-2 pl-3 shadow-float animate-rise"
        >
          {one.tone === "bad" ? (
            <CircleAlert size={16} aria-hidden className="mt-0.5 text-bad" />
          ) : one.tone === "info" ? (
            <Info size={16} aria-hidden className="mt-0.5 text-accent" />
          ) : (
            <CircleCheck size={16} aria-hidden className="mt-0.5 text-ok" />
          )}
          <div className="min-w-0 flex-1">
            <Radix.Title className="font-medium">{one.title}</Radix.Title>
            {one.detail && (
              <Radix.Description className="break-words text-ink-2 text-sm">{one.detail}</Radix.Description>
            )}
          </div>
          {one.action && (
            <Radix.Action altText={one.action.label} asChild>
              <Button size="sm" onClick={one.action.onSelect}>
                {one.action.label}
              </Button>
            </Radix.Action>
          )}
          <Radix.Close asChild>
            <IconButton icon={X} size="sm" label={t("close")} side="right" />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport className="fixed bottom-16 left-4 z-50 md:left-48 flex w-[min(380px,calc(100vw-32px))] flex-col gap-2 outline-none" />
    </Radix.Provider>
  );
}
