/** Conversations of sessions: the turns of their runs, folded on demand and cached. */
import { BoundedMap } from "../../runtime/bounded-map.ts";
import type { RunEvent } from "../../runtime/event.ts";
import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import type { Message } from "../../runtime/message.ts";
import type { NodeTable } from "../../runtime/node.ts";
import { withoutReplaced } from "../../runtime/replaced-turns.ts";
import { turnMessages } from "../../runtime/turn-messages.ts";
import type { RunRow } from "../contract/run.ts";
import type { EventLog } from "../stores/event-log.ts";

/** Older turns would not fit into any prompt. */
const MAX_TURNS = 200;
const MAX_CACHED = 1000;

interface CachedConversation {
  /** In order of the runs. */
  turns: Turn[];
}

interface Turn {
  run: string;
  /** See `run-start`. */
  replaces?: string;
  messages: Message[];
}

export class Conversations {
  readonly #log: EventLog;
  readonly #nodes: NodeTable;
  readonly #cache = new BoundedMap<string, CachedConversation>(MAX_CACHED);

  constructor(log: EventLog, nodes: NodeTable) {
    this.#log = log;
    this.#nodes = nodes;
  }

  /**
   * The messages of all ended turns before `run`, oldest first, tool messages included: also of those that failed, were
   * cancelled or met a limit, but not of those that were replaced. `key`: empty for the admin; `replaces`: of `run`.
   */
  async history(session: string, key: string, run: string, replaces?: string): Promise<Message[]> {
    const rows = (await this.#log.sessionRuns(session, { key }))
      .filter((row) => row.endedAt !== undefined && row.id < run)
      .slice(-MAX_TURNS);
    if (rows.length === 0) return [];
    const name = `${key} ${session}`;
    const known = new Map(this.#cache.get(name)?.turns.map((turn) => [turn.run, turn]));
    const turns = await Promise.all(rows.map(async (row) => known.get(row.id) ?? (await this.turn(row))));
    this.#cache.set(name, { turns });
    return withoutReplaced(turns, replaces).flatMap((turn) => turn.messages);
  }

  /** What one run adds to its conversation. */
  async turn(row: RunRow): Promise<Turn> {
    const graph = await this.#log.graph(row.graph);
    const replying = graph ? replyNodes(graph, this.#nodes) : undefined;
    const events = await this.events(row.id);
    const [start] = events;
    return {
      run: row.id,
      ...(start?.type === "run-start" && start.replaces !== undefined && { replaces: start.replaces }),
      messages: turnMessages(events, replying && ((node) => replying.has(node))),
    };
  }

  async events(run: string): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    for (;;) {
      const page = await this.#log.read(run, events.at(-1)?.seq ?? -1);
      events.push(...page);
      if (page.length < 1000) return events;
    }
  }

  forget(session: string, key: string): void {
    this.#cache.delete(`${key} ${session}`);
  }
}

/** Nodes that are connected directly to the `reply` port of an output. */
function replyNodes(graph: Graph, nodes: NodeTable): Set<string> {
  const outputs = new Set(
    graph.nodes.filter((node) => nodes.get(node.type)?.role === "output").map((node) => `${node.id}.reply`),
  );
  return new Set(graph.edges.filter((edge) => outputs.has(edge.to)).map((edge) => edgeEnd(edge.from).node));
}
