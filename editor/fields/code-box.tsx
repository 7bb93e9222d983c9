import type { editor as MonacoEditor } from "monaco-editor";
import { useEffect, useId, useRef, useState } from "react";
import { cx } from "../ui/cx.ts";
import { inputClass, Textarea } from "../ui/input.tsx";
import type { Completion } from "../ui/monaco.ts";
import { runWhenIdle } from "../ui/run-when-idle.ts";

type Monaco = typeof import("../ui/monaco.ts");

export interface Marker {
  message: string;
  /** Offsets in the text, in UTF-16 units. */
  start: number;
  end: number;
}

/**
 * A code editor. It is a plain text area until Monaco is loaded, so that typing never waits; an area with the focus is
 * replaced only after it loses it. Monaco is slow to start, so it loads when no drag is active. Tab leaves the field. A
 * `value` set from outside (undo) does not move the cursor to the end.
 */
export function CodeBox({
  value,
  onChange,
  language,
  label,
  minLines = 4,
  maxLines = 22,
  fill,
  readOnly,
  markers,
  placeholder,
  lineNumbers,
  onBlur,
  reveal,
  complete,
  history,
}: {
  value: string;
  onChange(text: string): void;
  language: "json" | "javascript" | "liquid" | "markdown" | "plaintext";
  label: string;
  minLines?: number;
  maxLines?: number;
  /** Fills the height of its parent. */
  fill?: boolean;
  readOnly?: boolean;
  markers?: readonly Marker[];
  placeholder?: string;
  lineNumbers?: boolean;
  onBlur?(): void;
  /** Scrolls to and selects this range when it changes. */
  reveal?: { start: number; end: number };
  /** For Liquid: what can stand between `{{` and `}}`. */
  complete?(): readonly Completion[];
  /** Undo and redo of the document, in place of the editor's own: a choice may have changed more than this text. */
  history?: { undo(): void; redo(): void };
}) {
  const [monaco, setMonaco] = useState<Monaco>();
  const host = useRef<HTMLDivElement>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const editor = useRef<MonacoEditor.IStandaloneCodeEditor>(undefined);
  const latest = useRef({ onChange, onBlur, value, complete, history });
  latest.current = { onChange, onBlur, value, complete, history };
  const helpId = useId();

  useEffect(() => {
    if (monaco) return;
    let gone = false;
    const bring = () =>
      import("../ui/monaco.ts").then(
        (module) => {
          const take = () => {
            if (!gone) setMonaco(module);
          };
          // Replacing the field under the cursor would lose what is being typed.
          if (area.current && area.current === document.activeElement)
            area.current.addEventListener("blur", take, { once: true });
          else take();
        },
        // If Monaco cannot be loaded, the text area stays; it has the full value.
        (error: unknown) => console.warn("Monaco could not be loaded.", error),
      );
    const stop = runWhenIdle(bring);
    return () => {
      gone = true;
      stop();
    };
  }, [monaco]);

  useEffect(() => {
    if (!monaco || !host.current) return;
    const made = monaco.monaco.editor.create(host.current, {
      ...monaco.editorOptions,
      value: latest.current.value,
      language,
      readOnly,
      ariaLabel: label,
      tabFocusMode: true,
      // A text area supports every input method, and shortcuts recognize it as a text field.
      editContext: false,
      placeholder,
      lineNumbers: lineNumbers ? "on" : "off",
      lineNumbersMinChars: 3,
      folding: lineNumbers === true,
      scrollBeyondLastLine: false,
      quickSuggestions: language === "javascript",
      wordBasedSuggestions: language === "liquid" ? "off" : undefined,
    });
    if (language === "liquid") monaco.completions.set(made.getModel()!, () => latest.current.complete?.() ?? []);
    editor.current = made;
    const height = () => {
      if (fill || !host.current) return;
      const line = 19;
      const wanted = Math.max(minLines * line + 16, Math.min(made.getContentHeight(), maxLines * line + 16));
      host.current.style.height = `${wanted}px`;
      made.layout();
    };
    const ends = [
      made.onDidChangeModelContent(() => {
        const text = made.getValue();
        if (text !== latest.current.value) latest.current.onChange(text);
      }),
      made.onDidBlurEditorText(() => latest.current.onBlur?.()),
      made.onKeyDown((event) => {
        const way = historyKey(event.browserEvent);
        if (!way || !latest.current.history) return;
        event.preventDefault();
        event.stopPropagation();
        latest.current.history[way]();
      }),
      made.onDidContentSizeChange(height),
    ];
    height();
    return () => {
      for (const end of ends) end.dispose();
      const model = made.getModel();
      made.dispose();
      model?.dispose();
      editor.current = undefined;
    };
  }, [monaco, language, readOnly, label, fill, minLines, maxLines, placeholder, lineNumbers]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (!model || model.getValue() === value) return;
    // Applied as an edit, so that the cursor keeps its position.
    model.pushEditOperations([], [{ range: model.getFullModelRange(), text: value }], () => null);
  }, [value]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (!monaco || !model) return;
    monaco.monaco.editor.setModelMarkers(
      model,
      "patchbay",
      (markers ?? []).map((marker) => {
        const start = model.getPositionAt(marker.start);
        const end = model.getPositionAt(Math.max(marker.end, marker.start + 1));
        return {
          severity: monaco.monaco.MarkerSeverity.Error,
          message: marker.message,
          startLineNumber: start.lineNumber,
          startColumn: start.column,
          endLineNumber: end.lineNumber,
          endColumn: end.column,
        };
      }),
    );
  }, [monaco, markers]);

  useEffect(() => {
    const model = editor.current?.getModel();
    if (!model || !editor.current || !reveal) return;
    const start = model.getPositionAt(reveal.start);
    const end = model.getPositionAt(reveal.end);
    const range = {
      startLineNumber: start.lineNumber,
      startColumn: start.column,
      endLineNumber: end.lineNumber,
      endColumn: end.column,
    };
    editor.current.setSelection(range);
    editor.current.revealRangeInCenterIfOutsideViewport(range);
  }, [reveal]);

  if (!monaco)
    return (
      <Textarea
        ref={area}
        mono
        aria-label={label}
        aria-describedby={helpId}
        className={fill ? "h-full" : undefined}
        rows={minLines}
        value={value}
        readOnly={readOnly}
        placeholder={placeholder}
        onChange={(event) => onChange(event.target.value)}
        onBlur={onBlur}
      />
    );
  return (
    <div
      className={cx(
        inputClass,
        "nokey overflow-hidden p-0 focus-within:border-accent focus-within:outline-2 focus-within:outline-accent/25",
        fill && "h-full",
      )}
    >
      <div
        ref={host}
        className={fill ? "h-full" : undefined}
        style={fill ? undefined : { height: minLines * 19 + 16 }}
      />
    </div>
  );
}

function historyKey({ key, ctrlKey, metaKey, shiftKey, altKey }: KeyboardEvent): "undo" | "redo" | undefined {
  if (!(ctrlKey || metaKey) || altKey) return undefined;
  if (key.toLowerCase() === "z") return shiftKey ? "redo" : "undo";
  return key.toLowerCase() === "y" && !shiftKey ? "redo" : undefined;
}
