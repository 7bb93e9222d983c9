import { createContext, type ReactNode, useContext, useId } from "react";
import { cx } from "./cx.ts";

interface FieldIds {
  id: string;
  describedBy?: string;
  invalid: boolean;
}
const FieldContext = createContext<FieldIds | undefined>(undefined);

/** The props that connect a control inside a `Field` to its label, help and error. */
export function useFieldProps(): { id?: string; "aria-describedby"?: string; "aria-invalid"?: boolean } {
  const field = useContext(FieldContext);
  if (!field) return {};
  return { id: field.id, "aria-describedby": field.describedBy, "aria-invalid": field.invalid || undefined };
}

/** A labelled control. `help` says the effect of the setting; `error` says the problem and how to fix it. */
export function Field({
  label,
  hint,
  help,
  error,
  warning,
  optional,
  className,
  children,
}: {
  label: ReactNode;
  /** Shown at the right end of the label's line. */
  hint?: ReactNode;
  help?: ReactNode;
  error?: ReactNode;
  /** What may not be meant; the value is used all the same. */
  warning?: ReactNode;
  /** The word for "optional", if the field is. */
  optional?: string;
  className?: string;
  children: ReactNode;
}) {
  const id = useId();
  const describedBy =
    [help && `${id}-help`, error && `${id}-error`, warning && `${id}-warning`].filter(Boolean).join(" ") || undefined;
  return (
    <FieldContext.Provider value={{ id, describedBy, invalid: Boolean(error) }}>
      <div className={cx("flex min-w-0 flex-col gap-1.5", className)}>
        <div className="flex items-baseline justify-between gap-3">
          <label id={`${id}-label`} htmlFor={id} className="font-medium text-ink-2 text-sm">
            {label}
            {optional && <span className="ml-1.5 font-normal text-ink-3">{optional}</span>}
          </label>
          {hint && <span className="text-ink-3 text-xs tnum">{hint}</span>}
        </div>
        {children}
        {help && (
          <p id={`${id}-help`} className="text-ink-3 text-sm">
            {help}
          </p>
        )}
        {error && (
          <p id={`${id}-error`} role="alert" className="text-bad text-sm">
            {error}
          </p>
        )}
        {warning && (
          <p id={`${id}-warning`} role="status" className="text-sm text-warn">
            {warning}
          </p>
        )}
      </div>
    </FieldContext.Provider>
  );
}
