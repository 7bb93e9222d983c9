import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { inputFields } from "../../runtime/agent-ports.ts";
import type { Field as DeclaredField } from "../../runtime/field.ts";
import type { Kind } from "../../runtime/port.ts";
import { roleOf, table } from "../graph/node-types.ts";
import { useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";

export interface ExtraFields {
  declared: readonly DeclaredField[];
  texts: Record<string, string>;
  /** As the run takes them: JSON where the kind asks for it and the text is some. */
  values: Record<string, unknown>;
  set(name: string, text: string): void;
}

/** The fields that the input node declares beside the message. What is typed is kept under `place`. */
export function useExtraFields(place: string): ExtraFields {
  const { unfinished } = useWorkbench();
  const input = useGraph((graph) => graph.nodes.find((node) => roleOf(node) === "input"));
  const declared = useMemo(() => (input ? inputFields({ nodes: [input] }, table) : []), [input]);
  const kept = useStore(unfinished, (state) => state.texts);
  const usable = declared.filter((field) => field.kind !== "files" && field.kind !== "tools");
  const texts = Object.fromEntries(usable.map(({ name }) => [name, kept.get(`${place}/field/${name}`) ?? ""]));
  const values = Object.fromEntries(
    usable.flatMap((field) => (texts[field.name] ? [[field.name, parse(texts[field.name]!, field.kind)]] : [])),
  );
  return {
    declared: usable,
    texts,
    values,
    set: (name, text) => unfinished.keep(`${place}/field/${name}`, text || undefined),
  };
}

function parse(text: string, kind: Kind = "text"): unknown {
  if (kind === "text") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function FieldInputs({ fields }: { fields: ExtraFields }) {
  const { t } = useTranslation("common");
  if (fields.declared.length === 0) return null;
  return (
    <div className="mb-2 grid max-h-44 grid-cols-2 gap-2 overflow-y-auto">
      {fields.declared.map((field) => (
        <Field key={field.name} label={field.name} optional={field.required === false ? t("optional") : undefined}>
          <Input
            value={fields.texts[field.name] ?? ""}
            onChange={(event) => fields.set(field.name, event.target.value)}
          />
        </Field>
      ))}
    </div>
  );
}
