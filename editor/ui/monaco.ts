/**
 * Monaco, loaded once and only on demand: the editor core, JSON, JavaScript, Liquid and Markdown, their workers, and
 * two themes made from the tokens. Import this file only with `import()`.
 */
import * as monaco from "monaco-editor/editor/editor.api.js";
import "monaco-editor/features/register.all.js";
import "monaco-editor/languages/definitions/javascript/register.js";
import "monaco-editor/languages/definitions/liquid/register.js";
import "monaco-editor/languages/definitions/markdown/register.js";
import "monaco-editor/languages/features/json/register.js";
import "monaco-editor/languages/features/typescript/register.js";
import EditorWorker from "monaco-editor/editor/editor.worker.js?worker";
import JsonWorker from "monaco-editor/language/json/json.worker.js?worker";
import TypeScriptWorker from "monaco-editor/language/typescript/ts.worker.js?worker";
import { preferences } from "../session/preferences.ts";
import { openVariable } from "./open-variable.ts";
import { shownTheme } from "./theme.ts";

self.MonacoEnvironment = {
  getWorker(_id, label) {
    if (label === "json") return new JsonWorker();
    if (label === "typescript" || label === "javascript") return new TypeScriptWorker();
    return new EditorWorker();
  },
};

/** A token as six hex digits, because a build may write #fff, which Monaco rejects. */
const token = (name: string) =>
  getComputedStyle(document.documentElement)
    .getPropertyValue(name)
    .trim()
    .replace(/^#([0-9a-f])([0-9a-f])([0-9a-f])$/i, "#$1$1$2$2$3$3");

/** Monaco needs plain hex colours, so the tokens of the current theme are read again at each change. */
function applyTheme(): void {
  const dark = shownTheme() === "dark";
  const ink = (name: string) => token(name).replace("#", "");
  monaco.editor.defineTheme("patchbay", {
    base: dark ? "vs-dark" : "vs",
    inherit: true,
    rules: [
      { token: "", foreground: ink("--ink") },
      { token: "comment", foreground: ink("--ink-3") },
      { token: "string", foreground: ink("--kind-documents") },
      { token: "number", foreground: ink("--kind-json") },
      { token: "keyword", foreground: ink("--kind-messages") },
      { token: "variable.liquid", foreground: ink("--kind-text") },
      { token: "delimiter.liquid", foreground: ink("--kind-text") },
      { token: "string.key.json", foreground: ink("--kind-text") },
      { token: "string.value.json", foreground: ink("--kind-documents") },
    ],
    colors: {
      "editor.background": token("--surface"),
      "editor.foreground": token("--ink"),
      "editorLineNumber.foreground": token("--ink-3"),
      "editor.lineHighlightBackground": token("--paper"),
      "editor.lineHighlightBorder": token("--paper"),
      "editorCursor.foreground": token("--accent"),
      "editor.selectionBackground": token("--accent-soft"),
      "editorWidget.background": token("--raised"),
      "editorWidget.border": token("--line"),
      focusBorder: token("--accent"),
    },
  });
  monaco.editor.setTheme("patchbay");
}

// Shortcuts of the whole editor work inside a text editor, too: Monaco leaves these keys alone.
monaco.editor.addKeybindingRules([
  { keybinding: monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, command: null },
  { keybinding: monaco.KeyMod.CtrlCmd | monaco.KeyCode.KeyK, command: null },
]);

applyTheme();
preferences.subscribe(applyTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", applyTheme);

export interface Completion {
  name: string;
  /** Its type and where it comes from. */
  detail: string;
  /** Called when it was chosen, once its name is in the text. */
  choose?(): void;
}

/** By the model of an editor: what may stand between `{{` and `}}` in it. */
export const completions = new WeakMap<monaco.editor.ITextModel, () => readonly Completion[]>();

const CHOOSE = "patchbay.choose-variable";
monaco.editor.registerCommand(CHOOSE, (_accessor, choose: () => void) => choose());
monaco.languages.registerCompletionItemProvider("liquid", {
  triggerCharacters: ["{"],
  provideCompletionItems(model, { lineNumber, column }) {
    const line = model.getLineContent(lineNumber);
    const open = openVariable(line, column - 1);
    const list = open && completions.get(model);
    if (!open || !list) return { suggestions: [] };
    const range = {
      startLineNumber: lineNumber,
      endLineNumber: lineNumber,
      startColumn: open.start + 1,
      endColumn: open.end + 1,
    };
    return {
      suggestions: list().map(({ name, detail, choose }, index) => ({
        label: { label: name, description: detail },
        kind: monaco.languages.CompletionItemKind.Variable,
        insertText: name + open.close,
        filterText: `${name} ${detail}`,
        sortText: String(index).padStart(4, "0"),
        range,
        ...(choose && { command: { id: CHOOSE, title: name, arguments: [choose] } }),
      })),
    };
  },
});

/** Default options for every editor. @public */
export const editorOptions: monaco.editor.IStandaloneEditorConstructionOptions = {
  theme: "patchbay",
  fontSize: 12.5,
  lineHeight: 19,
  fontFamily: token("--font-mono") || "ui-monospace, Menlo, Consolas, monospace",
  minimap: { enabled: false },
  scrollBeyondLastLine: false,
  automaticLayout: true,
  wordWrap: "on",
  lineNumbers: "off",
  folding: false,
  glyphMargin: false,
  lineDecorationsWidth: 8,
  renderLineHighlight: "none",
  overviewRulerLanes: 0,
  hideCursorInOverviewRuler: true,
  padding: { top: 8, bottom: 8 },
  scrollbar: { verticalScrollbarSize: 8, horizontalScrollbarSize: 8, alwaysConsumeMouseWheel: false },
  fixedOverflowWidgets: true,
  tabSize: 2,
};

export { monaco };
