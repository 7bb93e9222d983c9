/** The guides of `docs/` in reading order. A test compares the list with the files. */
export const GUIDES = [
  "first-agent",
  "editor",
  "knowledge",
  "tools",
  "models",
  "hosting",
  "triggers",
  "reuse",
  "deploy",
  "operate",
  "backup",
  "scale",
  "nodes",
  "cli",
  "keyboard",
  "glossary",
] as const;
export type Guide = (typeof GUIDES)[number];

export const isGuide = (name: string): name is Guide => (GUIDES as readonly string[]).includes(name);
