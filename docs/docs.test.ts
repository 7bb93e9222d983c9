/** What the pages say exists: links, commands of the command line, options, environment variables. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";

const here = import.meta.dirname;
const root = path.join(here, "..");
const pages = readdirSync(here).filter((name) => name.endsWith(".md"));
const text = (name: string) => readFileSync(path.join(here, name), "utf8");

/** The help of a command, as lines of commands and options. */
function help(...command: string[]): string {
  return execFileSync(process.execPath, [path.join(root, "server", "cli.ts"), ...command, "--help"], {
    encoding: "utf8",
  });
}

describe.each(pages)("%s", (page) => {
  test("links lead somewhere", () => {
    for (const [, target] of text(page).matchAll(/\]\((?!https?:)([^)#]+)/g))
      expect(existsSync(path.join(here, target!)), target).toBe(true);
  });

  test("names only environment variables that there are", () => {
    const known = readFileSync(path.join(root, "server", "process", "env.ts"), "utf8");
    for (const [name] of text(page).matchAll(/PATCHBAY_[A-Z_]+/g)) expect(known).toMatch(new RegExp(`\\b${name}\\b`));
  });
});

test("compose.yaml starts node itself, with options that exist, and copies neither data nor history", () => {
  const { services } = parse(text("compose.yaml")) as { services: Record<string, { command?: string[] }> };
  const serve = help("serve");
  for (const role of ["web", "worker"]) {
    const command = services[role]!.command!;
    // npm as the first process does not pass SIGTERM on.
    expect(command[0]).toBe("node");
    expect(existsSync(path.join(root, command.find((part) => part.startsWith("server/"))!))).toBe(true);
    expect(command.slice(-2)).toEqual(["--role", role]);
    expect(serve).toContain(`"${role}"`);
  }
  const ignored = readFileSync(path.join(root, ".dockerignore"), "utf8").split("\n");
  expect(ignored).toEqual(expect.arrayContaining(["data", ".git", "**/node_modules", "dist", "**/.env"]));
});

test("cli.md names every command, and no command or option that does not exist", () => {
  const rows = [...text("cli.md").matchAll(/^\| `([a-z]+)(?: ([a-z]+))?[^`]*`.*$/gm)].map(([row, command, part]) => ({
    row,
    command: command!,
    part,
  }));
  const namesIn = (help: string) =>
    [...help.matchAll(/^ {2}([a-z]+)(?= )/gm)].map(([, name]) => name!).filter((name) => name !== "help");
  const listed = namesIn(help());
  expect([...new Set(rows.map(({ command }) => command))].sort()).toEqual(listed.sort());
  for (const command of listed) {
    const known = help(command);
    const parts = known.includes("Commands:") ? namesIn(known) : [];
    for (const { row, part } of rows.filter((one) => one.command === command)) {
      const own = parts.length > 0 ? help(command, part!) : known;
      if (parts.length > 0) expect(parts).toContain(part);
      for (const [option] of row.matchAll(/--[a-z-]+/g)) expect(own, row).toContain(option);
    }
  }
}, 60_000);
