import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { newSecret, type SignedHeaders, sign, verify } from "./signature.ts";

const at = Date.UTC(2026, 0, 1);

/** The id of the message, or the error. */
function check(secret: string, headers: Partial<SignedHeaders>, body: string): string {
  try {
    return verify(secret, (name) => headers[name], body);
  } catch (error) {
    return (error as Error).message;
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: at });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("signatures", () => {
  test("match the example of the Standard Webhooks libraries", () => {
    const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    expect(sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_000, '{"test": 2432232314}')).toEqual({
      "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
      "webhook-timestamp": "1614265330",
      "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    });
  });

  test("are valid only for their body, id, time and secret", () => {
    const secret = newSecret();
    const signed = sign(secret, "m1", at, "{}");
    expect(check(secret, signed, "{}")).toBe("m1");
    expect(check(secret, { ...signed, "webhook-signature": `v1,AAAA v2,x ${signed["webhook-signature"]}` }, "{}")).toBe(
      "m1",
    );
    const wrong = "This webhook is not accepted: the signature is not valid.";
    expect(check(secret, signed, "{} ")).toBe(wrong);
    expect(check(newSecret(), signed, "{}")).toBe(wrong);
    expect(check(secret, { ...signed, "webhook-id": "m2" }, "{}")).toBe(wrong);
    expect(check(secret, { ...signed, "webhook-timestamp": String(at / 1000 + 1) }, "{}")).toBe(wrong);
    for (const signature of ["v1,", "v1", "x", "v1,%%%", "v1a,AAAA"])
      expect(check(secret, { ...signed, "webhook-signature": signature }, "{}")).toBe(wrong);
    for (const missing of Object.keys(signed))
      expect(check(secret, { ...signed, [missing]: "" }, "{}")).toMatch("send");
  });

  test("are valid up to five minutes before and after their time", () => {
    const secret = newSecret();
    const signed = sign(secret, "m1", at, "{}");
    const checkAt = (seconds: number) => {
      vi.setSystemTime(at + seconds * 1000);
      return check(secret, signed, "{}");
    };
    for (const seconds of [-300, 300]) expect(checkAt(seconds)).toBe("m1");
    for (const seconds of [-301, 301]) expect(checkAt(seconds)).toMatch("more than 5 minutes");
  });
});
