import type { ServerSettings } from "../contract/settings.ts";
export interface Settings {
  get(): Promise<ServerSettings>;
  /** Resolves when what follows from the change is done. */
  change(change: Partial<ServerSettings>): Promise<ServerSettings>;
}
