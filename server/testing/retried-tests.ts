/** A Vitest reporter that lists the tests that failed first and passed when they were retried. */
import type { Reporter, TestCase } from "vitest/node";

export default class RetriedTests implements Reporter {
  readonly #retried: string[] = [];

  onTestCaseResult(test: TestCase): void {
    const tries = test.diagnostic()?.retryCount ?? 0;
    if (tries > 0) this.#retried.push(`${test.module.relativeModuleId} > ${test.fullName} (${tries})`);
  }

  onTestRunEnd(): void {
    if (this.#retried.length === 0) return;
    console.log(`\n${this.#retried.length} retried:\n  ${this.#retried.join("\n  ")}`);
  }
}
