/** The environment, parsed once. An unknown `PATCHBAY_*` name or a bad value stops the start with one clear line. */
export interface Env {
  host: string;
  port: number;
  /** Public address, without a slash at its end. */
  url?: string;
  dataDir: string;
  token?: string;
  secretsKey?: string;
  databaseUrl?: string;
  vectors?: string;
  files?: string;
  /** `host:port` that tools may reach although private. */
  allowHosts: string[];
  trustProxy: boolean;
  openai?: { baseUrl: string; apiKey?: string };
  defaultModel?: string;
  embedder?: string;
}
