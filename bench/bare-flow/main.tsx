/** The baseline of the canvas benchmark: React Flow as in its documentation, with default nodes. */
import { Background, MiniMap, ReactFlow, useEdgesState, useNodesState } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { createRoot } from "react-dom/client";
import { benchGraph } from "./graph.ts";

const query = new URLSearchParams(window.location.search);
const number = (name: string) => Number(query.get(name));
const graph = benchGraph(number("nodes"));
const nodes = graph.nodes.map(({ id }) => ({
  id,
  position: graph.layout[id]!,
  data: { label: id },
  style: { width: 232 },
}));
const edges = graph.edges.map(({ from, to }) => ({
  id: `${from} ${to}`,
  source: from.split(".")[0]!,
  target: to.split(".")[0]!,
}));

function Page() {
  const [shown, , onNodesChange] = useNodesState(nodes);
  const [shownEdges, , onEdgesChange] = useEdgesState(edges);
  return (
    <div style={{ width: number("width"), height: number("height") }}>
      <ReactFlow
        nodes={shown}
        edges={shownEdges}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onlyRenderVisibleElements={query.get("only") === "visible"}
        panOnScroll
        minZoom={0.08}
        defaultViewport={{ x: number("x"), y: number("y"), zoom: number("zoom") }}
      >
        <Background />
        <MiniMap />
      </ReactFlow>
    </div>
  );
}

createRoot(document.getElementById("root")!).render(<Page />);
