import type { Host } from "../../runtime/host.ts";

export interface Sandbox extends Pick<Host, "evaluate"> {
  close(): Promise<void>;
}
