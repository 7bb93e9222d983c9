import { useTranslation } from "react-i18next";
import { templateNames } from "../../runtime/template.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { CodeBox } from "./code-box.tsx";
import { type FieldProps, textOf } from "./field-props.ts";
import { useTemplatePicks } from "./use-template-picks.ts";

/** A Liquid template. Each `{{name}}` becomes a port on the card while it is typed. */
export function PromptField({ node, name, value, set, disabled, label, hint }: FieldProps) {
  const { t } = useTranslation("fields");
  const { document } = useWorkbench();
  const complete = useTemplatePicks(node, name);
  const text = textOf(value);
  const names = templateNames(text);
  return (
    <div className="flex flex-col gap-1.5">
      <CodeBox
        value={text}
        onChange={set}
        language="liquid"
        label={label}
        minLines={6}
        readOnly={disabled}
        placeholder={hint.placeholder ?? t("promptEmpty", { topic: "{{topic}}" })}
        onBlur={document.seal}
        complete={complete}
        history={document}
      />
      {names.length > 0 && (
        <p className="flex flex-wrap gap-1 text-ink-3 text-xs">
          {t("ports")}
          {names.map((one) => (
            <code key={one} className="rounded-xs bg-hover px-1 text-ink-2">
              {one}
            </code>
          ))}
        </p>
      )}
    </div>
  );
}

/** JavaScript that runs in the sandbox. */
export function CodeField({ value, set, disabled, label }: FieldProps) {
  const { document } = useWorkbench();
  return (
    <CodeBox
      value={textOf(value)}
      onChange={set}
      language="javascript"
      label={label}
      minLines={8}
      readOnly={disabled}
      onBlur={document.seal}
      lineNumbers
    />
  );
}
