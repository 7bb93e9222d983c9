import { useQuery } from "@tanstack/react-query";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { api } from "../../api/api.ts";

export const TOOLS_KEY = ["tools"];
export const MCP_KEY = ["mcp-servers"];

export function useTools() {
  return useQuery({ queryKey: TOOLS_KEY, queryFn: ({ signal }) => api.tools.list(signal) });
}

/** Polls every second while a server is starting. */
export function useMcpServers() {
  return useQuery({
    queryKey: MCP_KEY,
    queryFn: ({ signal }) => api.mcp.list(signal),
    refetchInterval: (query) =>
      query.state.data?.some((server: McpServerCard) => server.status === "starting") ? 1000 : false,
  });
}
