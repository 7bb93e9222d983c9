import { describe, expect, test } from "vitest";
import { isLoopback, parseEnv } from "./env.ts";

describe("the environment", () => {
  test("has defaults", () => {
    expect(parseEnv({})).toMatchObject({ host: "127.0.0.1", port: 4400, allowHosts: [], trustProxy: false });
    expect(parseEnv({}).dataDir).toMatch(/\/data$/);
    expect(parseEnv({ PORT: "", PATCHBAY_URL: " " })).toMatchObject({ port: 4400 });
  });

  test("accepts all documented variables", () => {
    expect(
      parseEnv({
        HOST: "0.0.0.0",
        PORT: "0",
        PATCHBAY_URL: "https://agents.example.org/",
        PATCHBAY_TOKEN: "0123456789abcdef",
        PATCHBAY_ALLOW_HOSTS: "127.0.0.1:11434, Intra.net:80",
        PATCHBAY_TRUST_PROXY: "1",
        OPENAI_BASE_URL: "http://127.0.0.1:11434/v1/",
        PATCHBAY_DEFAULT_MODEL: "openai/qwen3:8b",
      }),
    ).toMatchObject({
      host: "0.0.0.0",
      port: 0,
      url: "https://agents.example.org",
      allowHosts: ["127.0.0.1:11434", "intra.net:80"],
      trustProxy: true,
      openai: { baseUrl: "http://127.0.0.1:11434/v1" },
      defaultModel: "openai/qwen3:8b",
    });
    expect(parseEnv({ OPENAI_API_KEY: "sk-1" }).openai).toEqual({
      baseUrl: "https://api.openai.com/v1",
      apiKey: "sk-1",
    });
  });

  test("ignores what Kubernetes sets for a service of this name, and warns of other unknown names", () => {
    const service = {
      PATCHBAY_SERVICE_HOST: "10.0.0.1",
      PATCHBAY_SERVICE_PORT: "4400",
      PATCHBAY_SERVICE_PORT_HTTP: "4400",
      PATCHBAY_PORT: "tcp://10.0.0.1:4400",
      PATCHBAY_PORT_4400_TCP: "tcp://10.0.0.1:4400",
      PATCHBAY_PORT_4400_TCP_PROTO: "tcp",
      PATCHBAY_PORT_4400_TCP_PORT: "4400",
      PATCHBAY_PORT_4400_TCP_ADDR: "10.0.0.1",
      PATCHBAY_WEB_SERVICE_HOST: "10.0.0.2",
      PATCHBAY_WEB_PORT: "tcp://10.0.0.2:4400",
    };
    expect(parseEnv(service)).toMatchObject({ port: 4400, warnings: [] });
    expect(parseEnv({ PATCHBAY_COLOUR: "x" }).warnings).toEqual([
      "PATCHBAY_COLOUR is not a Patchbay setting, and is ignored.",
    ]);
  });

  test("accepts a bucket for files with the standard AWS variables", () => {
    const aws = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "key" };
    expect(parseEnv({ ...aws, PATCHBAY_FILES: "s3://my-bucket" }).files).toEqual({
      bucket: "my-bucket",
      prefix: "",
      region: "us-east-1",
      accessKeyId: "id",
      secretAccessKey: "key",
    });
    const all = { AWS_REGION: "eu-1", AWS_ENDPOINT_URL: "http://store:9000/", AWS_SESSION_TOKEN: "t" };
    expect(parseEnv({ ...aws, ...all, PATCHBAY_FILES: "s3://b-1/a//b/" }).files).toMatchObject({
      prefix: "a/b/",
      region: "eu-1",
      endpoint: "http://store:9000",
      sessionToken: "t",
    });
    expect(parseEnv({ PATCHBAY_FILES: "./files" }).files).toBe("./files");
  });

  test("exports traces and metrics only as the standard variables say", () => {
    expect(parseEnv({}).telemetry).toBeUndefined();
    const all = parseEnv({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318/" }).telemetry;
    expect(all).toEqual({
      protocol: "http/protobuf",
      tracesUrl: "http://collector:4318/v1/traces",
      metricsUrl: "http://collector:4318/v1/metrics",
      sampleRatio: 1,
      content: false,
    });
    const some = {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "https://t.example/x",
      OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
      OTEL_TRACES_SAMPLER_ARG: "0.25",
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: "TRUE",
    };
    expect(parseEnv(some).telemetry).toMatchObject({
      tracesUrl: "https://t.example/x",
      sampleRatio: 0.25,
      content: true,
    });
    expect(parseEnv(some).telemetry).not.toHaveProperty("metricsUrl");
    expect(parseEnv({ ...some, OTEL_SDK_DISABLED: "true" }).telemetry).toBeUndefined();
    expect(parseEnv({ ...some, OTEL_TRACES_EXPORTER: "none" }).telemetry).toBeUndefined();
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, /supports http\/protobuf/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, /must start with http/],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "http://c", OTEL_TRACES_SAMPLER: "some" }, /is not supported/],
    [{ PATCHBAY_FILES: "s3://b-1" }, /PATCHBAY_FILES is s3:\/\/b-1, which also needs AWS_ACCESS_KEY_ID/],
    [{ PATCHBAY_FILES: "gs://b-1" }, /neither a folder nor s3:/],
    [{ PATCHBAY_LOG_LEVEL: "loud" }, /use debug, info/],
    [{ PATCHBAY_TOKN: "x" }, /PATCHBAY_TOKN is not a Patchbay setting.*did you mean PATCHBAY_TOKEN/],
    [{ PATCHBAY_PORT: "4400" }, /PATCHBAY_PORT is not a Patchbay setting.*did you mean PORT/],
    [{ PATCHBAY_SERVER: "agents.example.org" }, /PATCHBAY_SERVER/],
    [{ PATCHBAY_METRICS_TOKEN: "short" }, /PATCHBAY_METRICS_TOKEN must be at least 16/],
    [
      { PATCHBAY_TOKEN: "0123456789abcdef", PATCHBAY_METRICS_TOKEN: "0123456789abcdef" },
      /PATCHBAY_METRICS_TOKEN is the same/,
    ],
    [{ PORT: "http" }, /PORT "http"/],
    [{ PORT: "65536" }, /PORT/],
    [{ PORT: "-1" }, /PORT/],
    [{ HOST: "a b" }, /HOST/],
    [{ HOST: "0.0.0.0" }, /HOST is 0\.0\.0\.0.*PATCHBAY_TOKEN/],
    [{ HOST: "192.168.1.2" }, /PATCHBAY_TOKEN/],
    [{ PATCHBAY_TOKEN: "short" }, /PATCHBAY_TOKEN must be at least 16/],
    [{ PATCHBAY_TOKEN: "with a space in the middle" }, /white space/],
    [{ PATCHBAY_SECRETS_KEY: "short" }, /PATCHBAY_SECRETS_KEY/],
    [{ PATCHBAY_URL: "agents.example.org" }, /PATCHBAY_URL/],
    [{ PATCHBAY_URL: "https://example.org/agents" }, /origin alone/],
    [{ PATCHBAY_URL: "https://me:pw@example.org" }, /user name/],
    [{ PATCHBAY_DATABASE_URL: "mysql://x" }, /postgres:\/\//],
    [{ PATCHBAY_ALLOW_HOSTS: "localhost" }, /"localhost" must be host:port/],
    [{ PATCHBAY_ALLOW_HOSTS: "*:80" }, /host:port/],
    [{ PATCHBAY_TRUST_PROXY: "maybe" }, /neither true nor false/],
    [{ OPENAI_BASE_URL: "localhost:11434" }, /OPENAI_BASE_URL/],
    [{ PATCHBAY_DEFAULT_MODEL: "gpt" }, /provider\/model/],
  ])("refuses %j in one line", (vars, message) => {
    expect(() => parseEnv(vars)).toThrow(message);
    try {
      parseEnv(vars);
    } catch (error) {
      expect((error as Error).message).not.toContain("\n");
    }
  });

  test("never quotes a secret", () => {
    try {
      parseEnv({ PATCHBAY_TOKEN: "hunter2" });
      expect.fail();
    } catch (error) {
      expect((error as Error).message).not.toContain("hunter2");
    }
  });

  test("detects loopback addresses", () => {
    for (const host of ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"]) expect(isLoopback(host)).toBe(true);
    for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.org", "127.0.0.1.nip.io"])
      expect(isLoopback(host)).toBe(false);
  });
});
