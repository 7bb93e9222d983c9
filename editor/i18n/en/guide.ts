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
    triggers: "Triggers and notifications",
    reuse: "Reuse",
    operate: "Monitoring",
    backup: "Back up and restore",
    scale: "Several machines",
    cli: "The command line",
    keyboard: "Keyboard use",
  },
};
