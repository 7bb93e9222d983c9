export const guide = {
  title: "Guides",
  english: "In English.",
  names: {
    "first-agent": "Your first agent",
    editor: "Work on an agent",
    knowledge: "Answers from documents",
    tools: "Tools",
    models: "Models",
    hosting: "Publish and call",
    triggers: "Triggers and notices",
    reuse: "Use it again",
    operate: "Watch it run",
    backup: "Back up and restore",
    scale: "Several machines",
    cli: "The command line",
    keyboard: "By keyboard alone",
  },
};
