export const subagents = {
  title: "Convert to agent",
  lead_one:
    "The selected node becomes a new agent. A node that calls the new agent replaces it here. Runs stay the same.",
  lead_other:
    "The {{count}} selected nodes become a new agent. A node that calls the new agent replaces them here. Runs stay the same.",
  inputs: "Inputs",
  outputs: "Outputs",
  losesHistory:
    "These nodes no longer see the earlier conversation: {{names}}. Only an agent whose reply is also this agent's reply sees it.",
  convert: "Convert",
  converted: "“{{name}}” is now an agent",
  convertedHelp: "Undo brings the nodes back here. The new agent is kept.",
  open: "Open agent",
  unpacked: "“{{name}}” unpacked",
  unpackedHelp: "The agent itself is kept.",
  gainsHistory: "These nodes now see the earlier conversation: {{names}}.",
  language: "Its models now reply in the language of this agent.",
  readFailed: "Could not read the agent",
  cannotConvert: "Cannot convert to an agent",
  cannotUnpack: "Cannot unpack this agent",
  refused: {
    nothing: "Select the nodes to convert first.",
    ends: "Input and output nodes belong to this agent. Deselect them.",
    noMessage: "This agent has no input node, and the new agent needs a message. Add an input node first.",
    noAnswer: "None of these nodes has an output that could be the reply.",
    unknown: "This version does not have the types of these nodes: {{names}}.",
    broken: "A connection has a missing end. Fix it first: {{names}}.",
    circle: "A value would leave the new agent and come back. Select these nodes too: {{names}}.",
    tools: "Tools cannot be passed between agents. Select both the tool nodes and the models that use them: {{names}}.",
    values:
      "An agent returns one reply and its documents, but these nodes return more: {{names}}. Select the nodes that use these values too.",
    issue: "The result would have an issue: {{message}}",
    notOne: "Select one node that calls an agent first.",
    retried: "The node has retries or an error connection, which its nodes cannot share. Remove them first.",
    approvals: "Its tool approvals differ from those of this agent. Make them the same first.",
    pair: "After unpacking, its documents could arrive here without its reply.",
    unwired:
      "Some of its nodes never run because these inputs are not connected: {{names}}. Connect them, or delete those nodes in the agent.",
    alone:
      "The agent is skipped as a whole when these inputs receive nothing: {{names}}. After unpacking, some of its nodes would run anyway.",
    converted:
      "These values are converted to text when they enter the agent and would arrive unchanged after unpacking: {{names}}. Add a prompt node before it.",
  },
};
