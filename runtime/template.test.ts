import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { templateFault, templateNames } from "./template.ts";

/** The same template with a tag in it, which only the parser reads. */
const parsed = (source: string) => `${source}\n{% comment %}{% endcomment %}`;

describe("names of a template", () => {
  it("are in order, without duplicates", () => {
    expect(templateNames("{{b}} and {{ a }} and {{b}}")).toEqual(["b", "a"]);
    expect(templateNames("no names { } at all")).toEqual([]);
    expect(templateNames("{{ true }} {{ nil }} {{x}}")).toEqual(["x"]);
    expect(templateNames("{{ a | upcase }} {% if b %}{{c}}{% endif %}")).toEqual(["a", "b", "c"]);
  });

  it("are the same as the parser finds (random templates)", () => {
    const piece = fc.constantFrom(
      "{", "}", "{{", "}}", "{%", "%}", " ", "\n", "a", "b1", "_c", "true", "nil", "é", "|", "-", "'", '"', ".", "0", "{{a}}", "{{ b1 }}", "{{\na\n}}", "{{empty}}",
    ); // biome-ignore format: one alphabet
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        const source = pieces.join("");
        expect(templateNames(source)).toEqual(templateNames(parsed(source)));
        expect(templateFault(source) === undefined).toBe(templateFault(parsed(source)) === undefined);
      }),
      { numRuns: 3000 },
    );
  });
});
