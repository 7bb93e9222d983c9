/** The A2A agent card of a published agent. */
import type { AgentCard } from "@a2a-js/sdk";
import type { Field } from "../../../runtime/field.ts";
import type { AgentVersion } from "../../contract/agent.ts";
import { inputsOf } from "../inputs.ts";

export const VERSION = "1.0";

/** `url`: endpoint of the agent. The description explains how to send declared fields in a data part. */
export function agentCard({ slug, version, graph }: AgentVersion, inputs: readonly Field[], url: string): AgentCard {
  const { message: _message, ...fields } = inputsOf(inputs).properties;
  const names = Object.keys(fields);
  const description = graph.description || graph.name;
  const fieldsText = names.length > 0 ? ` Further inputs, sent as an object in a data part: ${names.join(", ")}.` : "";
  const inputModes = names.length > 0 ? ["text/plain", "application/json"] : ["text/plain"];
  const outputModes = ["text/plain", "application/json"];
  return {
    name: graph.name,
    description,
    version: String(version),
    supportedInterfaces: [{ url, protocolBinding: "JSONRPC", protocolVersion: VERSION, tenant: "" }],
    provider: undefined,
    capabilities: { streaming: true, pushNotifications: false, extendedAgentCard: false, extensions: [] },
    securitySchemes: {
      key: {
        scheme: {
          $case: "httpAuthSecurityScheme",
          value: { scheme: "bearer", bearerFormat: "", description: "An agent key (pb_…)." },
        },
      },
    },
    securityRequirements: [{ schemes: { key: { list: [] } } }],
    defaultInputModes: inputModes,
    defaultOutputModes: outputModes,
    skills: [
      {
        id: slug,
        name: graph.name,
        description: description + fieldsText,
        tags: [],
        examples: [],
        inputModes,
        outputModes,
        securityRequirements: [],
      },
    ],
    signatures: [],
  };
}
