import { type KeyboardEvent, useId, useRef, useState } from "react";
import { cx } from "../ui/cx.ts";
import { Input } from "../ui/input.tsx";
import { openVariable } from "../ui/open-variable.ts";
import { type FieldProps, textOf } from "./field-props.ts";
import { type PickedVariable, useTemplatePicks } from "./use-template-picks.ts";

/** A template of one line. */
export function TemplateField({ node, name, value, set, disabled, label }: FieldProps) {
  return (
    <TemplateInput node={node} field={name} value={textOf(value)} onChange={set} disabled={disabled} label={label} />
  );
}

/** An input that lists after `{{` what there is: a combobox with the keys of its pattern (arrows, Enter, Escape). */
export function TemplateInput({
  node,
  field,
  value,
  onChange,
  disabled,
  label,
  placeholder,
  mono,
  className,
}: {
  node: string;
  field: string;
  value: string;
  onChange(text: string): void;
  disabled?: boolean;
  label: string;
  placeholder?: string;
  mono?: boolean;
  className?: string;
}) {
  const picks = useTemplatePicks(node, field);
  const input = useRef<HTMLInputElement>(null);
  const list = useId();
  const [open, setOpen] = useState<{ at: number; shown: PickedVariable[] }>();
  const [active, setActive] = useState(0);

  const look = (text: string, at: number) => {
    const variable = openVariable(text, at);
    const typed = variable && text.slice(variable.start, at).toLowerCase();
    const shown =
      typed === undefined ? [] : picks().filter((one) => `${one.name} ${one.detail}`.toLowerCase().includes(typed));
    setOpen(shown.length > 0 ? { at, shown } : undefined);
    setActive(0);
  };
  const take = (pick: PickedVariable) => {
    const variable = open && openVariable(value, open.at);
    if (!variable) return;
    const written = value.slice(0, variable.start) + pick.name + variable.close;
    onChange(written + value.slice(variable.end));
    pick.choose?.();
    setOpen(undefined);
    const behind = written.length + (variable.close ? 0 : /^\s*-?\}\}|/.exec(value.slice(variable.end))![0].length);
    requestAnimationFrame(() => input.current?.setSelectionRange(behind, behind));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!open) return;
    const { length } = open.shown;
    if (event.key === "ArrowDown") setActive((active + 1) % length);
    else if (event.key === "ArrowUp") setActive((active + length - 1) % length);
    else if (event.key === "Enter") take(open.shown[active]!);
    else if (event.key === "Escape") setOpen(undefined);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div className={cx("relative", className)}>
      <Input
        ref={input}
        mono={mono}
        className="w-full"
        role="combobox"
        aria-autocomplete="list"
        aria-expanded={open !== undefined}
        aria-controls={list}
        aria-activedescendant={open && `${list}-${active}`}
        aria-label={label}
        placeholder={placeholder}
        value={value}
        disabled={disabled}
        onChange={(event) => {
          onChange(event.target.value);
          look(event.target.value, event.target.selectionStart ?? event.target.value.length);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setOpen(undefined)}
      />
      <div
        id={list}
        role="listbox"
        aria-label={label}
        hidden={!open}
        className="absolute top-full left-0 z-30 mt-1 max-h-56 w-full min-w-64 overflow-y-auto rounded-md border border-line bg-raised py-1 shadow-float"
      >
        {open?.shown.map((pick, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the focus and handles the keys
          <div
            key={pick.name}
            id={`${list}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === active}
            className={cx("cursor-pointer px-2.5 py-1", index === active && "bg-hover")}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(pick)}
          >
            <code className="text-sm">{pick.name}</code> <span className="text-ink-3 text-xs">{pick.detail}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
