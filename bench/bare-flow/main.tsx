/** The plain thing that the canvas is measured beside: React Flow as its documentation shows it, with nodes of no kind. */
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
  const [wires, , onEdgesChange] = useEdgesState(edges);
  return (
    <div style={{ width: number("width"), height: number("height") }}>
      <ReactFlow
        nodes={shown}
        edges={wires}
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
