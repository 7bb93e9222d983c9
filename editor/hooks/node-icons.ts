/**
 * The icons that node types name. Listed one by one, because the whole set is large. A test compares this list with
 * `nodes/`.
 */
import {
  BookOpenText,
  Bot,
  Box,
  Brain,
  Check,
  Code,
  Flag,
  Globe,
  Layers,
  type LucideIcon,
  MessageCircle,
  Repeat,
  Split,
  StickyNote,
  Text,
  Wrench,
  Zap,
} from "lucide-react";
import type { NodeDefinition } from "../../runtime/node.ts";
import type { Tone } from "../ui/badge.tsx";

export const ICONS: Readonly<Record<string, LucideIcon>> = {
  "book-open-text": BookOpenText,
  bot: Bot,
  brain: Brain,
  check: Check,
  code: Code,
  flag: Flag,
  globe: Globe,
  layers: Layers,
  "message-circle": MessageCircle,
  repeat: Repeat,
  split: Split,
  "sticky-note": StickyNote,
  text: Text,
  wrench: Wrench,
  zap: Zap,
};

/** A plain box for an unknown node type. */
export const nodeIcon = (definition: NodeDefinition | undefined): LucideIcon =>
  (definition && ICONS[definition.icon]) ?? Box;

const GROUP_TONE: Record<NodeDefinition["group"], Tone> = {
  io: "messages",
  think: "text",
  know: "documents",
  act: "tools",
  flow: "any",
};

/** The colour of a node's icon, from its group. */
export const nodeTone = (definition: NodeDefinition | undefined): Tone =>
  definition ? GROUP_TONE[definition.group] : "any";
