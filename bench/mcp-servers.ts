/**
 * Published MCP servers, as they are: installs each from npm into a temporary folder, starts it without a network account,
 * and lists its tools. Calls nothing. Prints for each whether its list was read as a whole, what was left out and why, or
 * why it failed. `PATCHBAY_MCP_SERVERS=figma,n8n` tries these alone.
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openTestServices } from "../server/mcp/testing/test-services.ts";

export const quick = false;

interface Published {
  package: string;
  version: string;
  args?: string[];
  env?: Record<string, string>;
  /** Of the package's commands, if it has several. */
  bin?: string;
}

const KEY = "not-a-real-key-0123456789";

const SERVERS: Record<string, Published> = {
  everything: { package: "@modelcontextprotocol/server-everything", version: "2026.8.31" },
  memory: { package: "@modelcontextprotocol/server-memory", version: "2026.8.31" },
  "sequential-thinking": { package: "@modelcontextprotocol/server-sequential-thinking", version: "2026.8.31" },
  notion: { package: "@notionhq/notion-mcp-server", version: "2.5.2", env: { NOTION_TOKEN: KEY } },
  context7: { package: "@upstash/context7-mcp", version: "4.1.1" },
  "antv-chart": { package: "@antv/mcp-server-chart", version: "0.9.10" },
  airtable: { package: "airtable-mcp-server", version: "1.14.0", env: { AIRTABLE_API_KEY: KEY } },
  firecrawl: { package: "firecrawl-mcp", version: "3.26.0", env: { FIRECRAWL_API_KEY: KEY } },
  tavily: { package: "tavily-mcp", version: "0.2.22", env: { TAVILY_API_KEY: KEY } },
  email: {
    package: "@codefuturist/email-mcp",
    version: "0.2.0",
    args: ["stdio"],
    env: {
      MCP_EMAIL_ADDRESS: "a@mail.test",
      MCP_EMAIL_PASSWORD: KEY,
      MCP_EMAIL_IMAP_HOST: "127.0.0.1",
      MCP_EMAIL_SMTP_HOST: "127.0.0.1",
    },
  },
  dokploy: {
    package: "@ahdev/dokploy-mcp",
    version: "1.6.0",
    env: { DOKPLOY_URL: "http://127.0.0.1:9/api", DOKPLOY_API_KEY: KEY },
  },
  playwright: { package: "@playwright/mcp", version: "0.0.83" },
  "chrome-devtools": { package: "chrome-devtools-mcp", version: "1.11.0", bin: "chrome-devtools-mcp" },
  brave: { package: "@brave/brave-search-mcp-server", version: "2.1.4", env: { BRAVE_API_KEY: KEY } },
  sentry: { package: "@sentry/mcp-server", version: "0.39.0", env: { SENTRY_ACCESS_TOKEN: KEY } },
  figma: { package: "figma-developer-mcp", version: "0.13.2", args: ["--stdio"], env: { FIGMA_API_KEY: KEY } },
  hubspot: { package: "@hubspot/mcp-server", version: "0.4.0", env: { PRIVATE_APP_ACCESS_TOKEN: KEY } },
  n8n: { package: "n8n-mcp", version: "2.87.0", env: { MCP_MODE: "stdio", LOG_LEVEL: "error" } },
  kubernetes: { package: "mcp-server-kubernetes", version: "4.1.7" },
  elasticsearch: {
    package: "@elastic/mcp-server-elasticsearch",
    version: "0.3.1",
    env: { ES_URL: "http://127.0.0.1:9", ES_API_KEY: KEY },
  },
  "google-calendar": {
    package: "@cocal/google-calendar-mcp",
    version: "2.6.3",
    env: { GOOGLE_OAUTH_CREDENTIALS: "credentials.json" },
  },
  circleci: { package: "@circleci/mcp-server-circleci", version: "0.20.0", env: { CIRCLECI_TOKEN: KEY } },
  "desktop-commander": { package: "@wonderwhy-er/desktop-commander", version: "0.2.52" },
  smartbear: { package: "@smartbear/mcp", version: "0.41.0", env: { REFLECT_API_TOKEN: KEY, BUGSNAG_AUTH_TOKEN: KEY } },
  "ms-365": { package: "@softeria/ms-365-mcp-server", version: "0.155.0" },
  supabase: { package: "@supabase/mcp-server-supabase", version: "0.13.0", env: { SUPABASE_ACCESS_TOKEN: KEY } },
};

/** What Google's client library reads. */
const CREDENTIALS = { installed: { client_id: "x", client_secret: KEY, redirect_uris: ["http://localhost"] } };

interface Row {
  result: "whole" | "some tools left out" | "failed" | "not installed";
  tools: number;
  /** Left-out tools with the reason, or the reason of the failure. */
  reason: string;
  /** Tools of which a part of the schema is not checked. */
  simplified: number;
  seconds: number;
}

export async function run() {
  const only = process.env.PATCHBAY_MCP_SERVERS?.split(",");
  const folder = mkdtempSync(join(tmpdir(), "patchbay-mcp-servers-"));
  const services = await openTestServices({ startMs: 120_000 });
  const rows: Record<string, Row> = {};
  try {
    for (const [name, published] of Object.entries(SERVERS)) {
      if (only && !only.includes(name)) continue;
      const home = join(folder, name);
      mkdirSync(home);
      writeFileSync(join(home, "credentials.json"), JSON.stringify(CREDENTIALS));
      const row: Row = { result: "not installed", tools: 0, reason: "", simplified: 0, seconds: 0 };
      rows[name] = row;
      const problem = await install(published, home);
      if (problem !== undefined) row.reason = problem;
      else {
        const began = performance.now();
        const file = commandOf(published, home);
        const [added] = await services.mcp.add({
          name,
          command: process.execPath,
          args: [file, ...(published.args ?? [])],
          env: published.env ?? {},
          cwd: home,
        });
        const card = await services.mcp.approve(name, added!.seen, added!.envNames);
        row.seconds = Math.round((performance.now() - began) / 100) / 10;
        row.tools = card.tools;
        row.result = card.status !== "ready" ? "failed" : card.rejected ? "some tools left out" : "whole";
        row.reason =
          card.status === "ready"
            ? (card.rejected ?? []).map(({ tool, reason }) => `${tool}: ${reason}`).join("; ")
            : (card.message ?? "");
        const tools = await services.mcp.tools(name, new AbortController().signal);
        row.simplified = tools.filter((tool) => tool.notes).length;
        await services.mcp.delete(name);
      }
      console.log(
        `${name} ${published.version}: ${row.result}, ${row.tools} tools, ${row.simplified} simplified, ${row.seconds} s ${row.reason}`,
      );
      rmSync(home, { recursive: true, force: true });
    }
  } finally {
    await services.close();
    rmSync(folder, { recursive: true, force: true });
  }
  const short = (row: Row) => ({ ...row, reason: row.reason.slice(0, 60) });
  console.table(Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, short(row)])));
  return rows;
}

/** Installs a package without running its scripts. Returns npm's last words when that fails. */
function install(published: Published, folder: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", folder];
    const child = spawn("npm", [...args, `${published.package}@${published.version}`], {
      cwd: folder,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-500);
    });
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code) => resolve(code === 0 ? undefined : errors.trim()));
  });
}

/** The file of the package's command. */
function commandOf(published: Published, folder: string): string {
  const home = join(folder, "node_modules", published.package);
  const { bin } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const file = typeof bin === "string" ? bin : (bin[published.bin ?? ""] ?? Object.values(bin)[0]!);
  return join(home, file);
}
