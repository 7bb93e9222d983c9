export const subagents = {
  title: "Make an agent of this",
  lead_one:
    "{{count}} node becomes an agent of its own. One node that calls it takes its place, and everything runs as before.",
  lead_other:
    "{{count}} nodes become an agent of their own. One node that calls it takes their place, and everything runs as before.",
  name: "Name",
  nameMissing: "Give it a name.",
  takes: "Takes",
  gives: "Gives",
  forgets:
    "The earlier conversation is not seen any more by: {{names}}. Only an agent whose reply is the answer sees it.",
  make: "Make the agent",
  made: "“{{name}}” is an agent of its own now",
  madeHelp: "Undo brings the nodes back here; the agent stays among yours.",
  open: "Open it",
  unpacked: "“{{name}}” is unpacked",
  unpackedHelp: "The agent itself stays among yours.",
  remembers: "The earlier conversation is seen from now on by: {{names}}.",
  language: "Its models answer in this agent’s language now.",
  notRead: "The agent could not be read",
  cannotMake: "This cannot become an agent of its own",
  cannotUnpack: "This agent cannot be unpacked",
  refused: {
    nothing: "Choose the nodes that it is to be made of first.",
    ends: "The input and the output stay with this agent: leave them out.",
    noMessage: "This agent has no input node, and an agent must be asked something. Add one first.",
    noAnswer: "None of these nodes gives anything that could be its answer.",
    unknown: "This version does not know what these do: {{names}}.",
    broken: "A wire here leads nowhere. Mend it first: {{names}}.",
    circle: "A value would leave it and come back. Choose these too: {{names}}.",
    tools:
      "Tools cannot be handed from one agent to another. Choose both the tools and the model that uses them: {{names}}.",
    values: "An agent gives one answer and its documents; more leaves these nodes: {{names}}. Choose what uses it too.",
    issue: "It would not be sound afterwards: {{message}}",
    notOne: "Choose one node that calls an agent first.",
    retried:
      "The node is tried again, or its failure has a wire of its own. Its nodes cannot be that as one; take it off first.",
    approvals: "Its settings ask before tools as this agent’s do not. Make the approvals of both the same first.",
    pair: "Its documents may come here without its reply once they are apart.",
    unwired:
      "Some of its nodes never run because nothing is wired to: {{names}}. Wire it, or take those nodes out there.",
    alone: "It stays idle as a whole when nothing comes to: {{names}}. Some of its nodes would run all the same.",
    converted: "What comes is made a text on the way in, and would arrive as it is: {{names}}. Put a prompt before it.",
  },
};
