import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createNet, MAX_BODY } from "./safe-fetch.ts";

const never = new AbortController().signal;
const get = (url: string, headers: Record<string, string> = {}) => ({ method: "GET", url, headers });

describe("blocked addresses", () => {
  const net = createNet({
    own: ["https://patchbay.example", "127.0.0.1:4400"],
    resolve: async (name) => {
      const table: Record<string, string[]> = {
        "127.0.0.1.nip.io": ["127.0.0.1"],
        "mixed.test": ["93.184.216.34", "10.0.0.1"],
        "mapped.test": ["::ffff:10.0.0.1"],
        "six.test": ["fd00:ec2::254"],
      };
      return (table[name] ?? ["10.1.2.3"]).map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
    },
  });
  afterAll(() => net.close());

  it.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[fe80::1]/",
    "http://localhost./",
    "http://LOCALHOST/",
    "http://a.localhost/",
    "http://127.0.0.1.nip.io/",
    "http://①②⑦.0.0.1/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://169.254.169.254/latest/meta-data",
    "http://[fd00:ec2::254]/",
    "http://168.63.129.16/",
    "http://metadata.google.internal/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://user:pw@example.com/",
    "http://ok.test@127.0.0.1/",
    "http://ok.test\\@127.0.0.1/",
    "http://mixed.test/",
    "http://mapped.test/",
    "http://six.test/",
    "https://patchbay.example/api/agents",
    "http://example.com:8080/",
    "http://example.com:22/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "ftp://example.com/",
    "data:text/plain,hi",
    "unix:/run/docker.sock",
  ])("%s", async (url) => {
    await expect(net.safeFetch(get(url), never)).rejects.toMatchObject({ code: "address_blocked" });
  });

  it("a fragment with an at-sign does not change the host", async () => {
    // the host is ok.test, which this resolver answers with a private address: the refusal names it
    await expect(net.safeFetch(get("http://ok.test#@127.0.0.1"), never)).rejects.toMatchObject({
      code: "address_blocked",
      message: expect.stringContaining("ok.test resolves to the private address 10.1.2.3"),
    });
  });

  it.each(["http://example.com/a\r\nHost: evil", "no url", "http://", "//example.com/"])(
    "not a URL: %j",
    async (url) => {
      await expect(net.safeFetch(get(url), never)).rejects.toMatchObject({ code: "bad_request" });
    },
  );

  it.each<Record<string, string>>([
    { "x-a": "b\r\nx-evil: 1" },
    { "x\r\ny": "1" },
    { Host: "evil" },
    { "Content-Length": "3" },
  ])("no header: %j", async (headers) => {
    await expect(net.safeFetch(get("http://example.com/", headers), never)).rejects.toMatchObject({
      code: "bad_request",
    });
  });

  it("the error names the setting", async () => {
    await expect(net.safeFetch(get("http://10.0.0.8:9000/"), never)).rejects.toThrow(
      "add 10.0.0.8:9000 to PATCHBAY_ALLOW_HOSTS",
    );
  });
});

describe("against a real server", () => {
  let server: Server;
  let other: Server;
  let secret: Server;
  let reached = 0;
  let base = "";
  let otherBase = "";
  let secretBase = "";
  let net: ReturnType<typeof createNet>;
  const open = async (listener: RequestListener) => {
    const made = createServer(listener);
    await new Promise<void>((done) => made.listen(0, "127.0.0.1", done));
    return made;
  };
  const address = (made: Server) => `127.0.0.1:${(made.address() as AddressInfo).port}`;

  beforeAll(async () => {
    secret = await open((_, response) => {
      reached++;
      response.end("secret");
    });
    secretBase = address(secret);
    other = await open((request, response) => response.end(JSON.stringify(request.headers)));
    otherBase = address(other);
    server = await open((request, response) => {
      const url = new URL(request.url!, "http://x");
      const status = Number(url.searchParams.get("status") ?? 302);
      if (url.pathname === "/echo") {
        const parts: Buffer[] = [];
        request.on("data", (part) => parts.push(part));
        request.on("end", () =>
          response.end(
            JSON.stringify({ method: request.method, headers: request.headers, body: Buffer.concat(parts).toString() }),
          ),
        );
      } else if (url.pathname === "/to") {
        response.writeHead(status, { location: url.searchParams.get("url")! }).end();
      } else if (url.pathname === "/chain") {
        response.writeHead(302, { location: `/chain?n=${Number(url.searchParams.get("n")) + 1}` }).end();
      } else if (url.pathname === "/bomb") {
        response
          .writeHead(200, { "content-encoding": "gzip", "content-type": "text/plain" })
          .end(gzipSync(Buffer.alloc(64 << 20)));
      } else if (url.pathname === "/endless") {
        const write = () => {
          while (response.write("x".repeat(65_536)));
          response.once("drain", write);
        };
        response.on("error", () => undefined);
        write();
      } else if (url.pathname === "/slow") {
        response.writeHead(200).write("a");
      } else if (url.pathname === "/reset") {
        request.socket.destroy();
      } else if (url.pathname === "/gbk") {
        response
          .writeHead(200, { "content-type": "text/html; charset=gbk" })
          .end(Buffer.from([0xc4, 0xe3, 0xba, 0xc3]));
      } else response.writeHead(404).end("nothing here");
    });
    base = address(server);
    net = createNet({ allowHosts: [base, otherBase] });
  });
  afterAll(async () => {
    await net.close();
    for (const each of [server, other, secret]) {
      each.closeAllConnections();
      each.close();
    }
  });

  it("reaches allowed hosts, and resolves with any status", async () => {
    expect(await net.safeFetch(get(`http://${base}/none`), never)).toMatchObject({ status: 404, body: "nothing here" });
  });

  it("sends method, headers and body", async () => {
    const answer = await net.safeFetch(
      { method: "POST", url: `http://${base}/echo`, headers: { "X-Name": "值" }, body: "你好" },
      never,
    );
    const seen = JSON.parse(answer.body);
    expect(seen).toMatchObject({ method: "POST", body: "你好" });
    expect(Buffer.from(seen.headers["x-name"], "latin1").toString("utf8")).toBe("值");
  });

  it.each([301, 302, 303, 307, 308])("%i to a private address is refused and never reached", async (status) => {
    const url = `http://${base}/to?status=${status}&url=${encodeURIComponent(`http://${secretBase}/`)}`;
    await expect(net.safeFetch(get(url), never)).rejects.toMatchObject({ code: "address_blocked" });
    expect(reached).toBe(0);
  });

  it("a chain of redirects ends", async () => {
    await expect(net.safeFetch(get(`http://${base}/chain?n=0`), never)).rejects.toThrow("redirects more than 5 times");
  });

  it("credentials stay with their origin", async () => {
    const url = `http://${base}/to?url=${encodeURIComponent(`http://${otherBase}/`)}`;
    const headers = { authorization: "Bearer k", "x-api-key": "k", cookie: "k", accept: "text/plain" };
    const seen = JSON.parse((await net.safeFetch(get(url, headers), never)).body);
    expect(seen.accept).toBe("text/plain");
    expect(JSON.stringify(seen)).not.toMatch(/Bearer|x-api-key|cookie/);
    const same = await net.safeFetch(get(`http://${base}/to?url=/echo`, headers), never);
    expect(JSON.parse(same.body).headers.authorization).toBe("Bearer k");
  });

  it("a POST becomes a GET after 302 and stays a POST after 307", async () => {
    const post = (status: number) =>
      net.safeFetch(
        { method: "POST", url: `http://${base}/to?status=${status}&url=/echo`, headers: {}, body: "b" },
        never,
      );
    expect(JSON.parse((await post(302)).body)).toMatchObject({ method: "GET", body: "" });
    expect(JSON.parse((await post(307)).body)).toMatchObject({ method: "POST", body: "b" });
  });

  it("limits the body: a gzip bomb, an endless body", async () => {
    for (const path of ["/bomb", "/endless"]) {
      const answer = await net.safeFetch(get(`http://${base}${path}`), never);
      expect(answer.truncated).toBe(true);
      expect(answer.body.length).toBe(MAX_BODY);
    }
  });

  it("a slow body is a timeout; an abort rejects with its reason", async () => {
    const slow = { ...get(`http://${base}/slow`), timeoutMs: 60 };
    await expect(net.safeFetch(slow, never)).rejects.toMatchObject({ code: "tool_timeout" });
    const stop = new AbortController();
    const pending = net.safeFetch(get(`http://${base}/slow`), stop.signal);
    stop.abort(new Error("stopped"));
    await expect(pending).rejects.toThrow("stopped");
  });

  it("says whether a lost request may have taken effect", async () => {
    await expect(net.safeFetch(get(`http://${base}/reset`), never)).rejects.toMatchObject({ code: "tool_failed" });
    await expect(
      net.safeFetch({ method: "POST", url: `http://${base}/reset`, headers: {}, body: "x" }, never),
    ).rejects.toMatchObject({ code: "connection_lost" });
    const closed = await open(() => undefined);
    const where = address(closed);
    await new Promise((done) => closed.close(done));
    const gone = createNet({ allowHosts: [where] });
    await expect(
      gone.safeFetch({ method: "POST", url: `http://${where}/`, headers: {}, body: "x" }, never),
    ).rejects.toMatchObject({ code: "tool_failed" });
    await gone.close();
  });

  it("decodes by the charset of the response", async () => {
    expect((await net.safeFetch(get(`http://${base}/gbk`), never)).body).toBe("你好");
  });

  it("a name that resolves differently after the check is refused at connect time", async () => {
    let asked = 0;
    const rebinding = createNet({
      resolve: async () => [{ address: asked++ === 0 ? "93.184.216.34" : "127.0.0.1", family: 4 }],
    });
    const stop = AbortSignal.timeout(50);
    await rebinding.safeFetch(get("http://rebind.test/"), stop).catch(() => undefined);
    await expect(rebinding.safeFetch(get("http://rebind.test/"), never)).rejects.toMatchObject({
      code: "address_blocked",
    });
    expect(reached).toBe(0);
    await rebinding.close();
  });

  it("an origin that the admin entered is allowed for that client only", async () => {
    const plain = createNet();
    expect((await plain.allowing([`http://${otherBase}`])(`http://${otherBase}/`)).status).toBe(200);
    await expect(plain.fetch(`http://${otherBase}/`)).rejects.toMatchObject({ code: "address_blocked" });
    await plain.close();
  });
});
