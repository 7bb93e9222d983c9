import { TopBar } from "../shell/top-bar.tsx";

/** The agent editor at `/agents/:id`. */
export function AgentEditor({ id }: { id: string }) {
  return <TopBar crumbs={[{ label: "Agents", href: "/" }, { label: id }]} />;
}
