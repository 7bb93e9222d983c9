import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { CodeBox } from "./code-box.tsx";
import type { FieldProps } from "./field-props.ts";
import { SchemaBuilder, SchemaMode } from "./schema-builder.tsx";
import { readRows } from "./schema-rows.ts";

/**
 * Any value as JSON. Invalid text is kept outside the document, with its error below, and is restored when the node is
 * selected again.
 */
export function JsonBox({
  place,
  value,
  set,
  label,
  disabled,
  empty,
  minLines = 4,
}: {
  place: string;
  value: unknown;
  set(value: unknown): void;
  label: string;
  disabled?: boolean;
  /** The value of an empty text. */
  empty?: { value: unknown };
  minLines?: number;
}) {
  const { t } = useTranslation("fields");
  const { unfinished, document } = useWorkbench();
  const kept = useStore(unfinished, (state) => state.texts.get(place));
  const written = useMemo(() => (empty && value === empty.value ? "" : JSON.stringify(value, null, 2)), [value, empty]);
  const text = kept !== undefined && !sameValue(kept, value) ? kept : (kept ?? written);
  const fault = faultOf(text, empty !== undefined);
  const change = (next: string) => {
    unfinished.keep(place, next);
    if (next.trim() === "" && empty) set(empty.value);
    else if (faultOf(next, false) === undefined) set(JSON.parse(next));
  };
  return (
    <div className="flex flex-col gap-1.5">
      <CodeBox
        value={text}
        onChange={change}
        language="json"
        label={label}
        minLines={minLines}
        readOnly={disabled}
        onBlur={() => {
          document.seal();
          if (faultOf(unfinished.getState().texts.get(place) ?? "", empty !== undefined) === undefined)
            unfinished.keep(place, undefined);
        }}
      />
      {fault && (
        <p role="alert" className="text-bad text-sm">
          {t("jsonError", { fault })}
        </p>
      )}
    </div>
  );
}

export function JsonField({ node, name, value, set, label, disabled }: FieldProps) {
  return <JsonBox place={`${node}/${name}`} value={value ?? null} set={set} label={label} disabled={disabled} />;
}

const NO_SCHEMA = { value: null };

/** A JSON Schema, or none: by fields where these can show it, else as text. Offers a small example to start from. */
export function SchemaField({ node, name, value, set, label, disabled }: FieldProps) {
  const { t } = useTranslation("fields");
  const { unfinished } = useWorkbench();
  const place = `${node}/${name}`;
  const kept = useStore(unfinished, (state) => state.texts.has(place));
  const [asText, setAsText] = useState(false);
  const none = value === null || value === undefined;
  const possible = readRows(value) !== undefined && !kept;
  const link = "self-start rounded-sm text-accent text-sm hover:underline";
  return (
    <div className="flex flex-col gap-1.5">
      {!none && !kept && <SchemaMode label={label} text={asText} possible={possible} onChange={setAsText} />}
      {possible && !asText ? (
        <SchemaBuilder value={value} set={set} disabled={disabled} />
      ) : (
        <JsonBox place={place} value={value ?? null} set={set} label={label} disabled={disabled} empty={NO_SCHEMA} />
      )}
      {!disabled &&
        (none ? (
          <button
            type="button"
            className={link}
            onClick={() =>
              set({
                type: "object",
                properties: { answer: { type: "string" } },
                required: ["answer"],
                additionalProperties: false,
              })
            }
          >
            {t("schemaBegin")}
          </button>
        ) : (
          possible && (
            <button type="button" className={link} onClick={() => set(null)}>
              {t("schemaRemove")}
            </button>
          )
        ))}
    </div>
  );
}

function faultOf(text: string, mayBeEmpty: boolean): string | undefined {
  if (mayBeEmpty && text.trim() === "") return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether the text means the same as the document's value; if so, this field made the change. */
function sameValue(text: string, value: unknown): boolean {
  try {
    return JSON.stringify(JSON.parse(text)) === JSON.stringify(value);
  } catch {
    // Invalid, so not in the document: it must be kept.
    return false;
  }
}
