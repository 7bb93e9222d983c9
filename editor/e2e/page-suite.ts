/** The setup of the tests of the pages beside the editor. */
import { editorSuite } from "./editor-suite.ts";

export async function pageSuite() {
  // Some tests provoke errors that the browser logs, such as a rejected request.
  const { server, page } = await editorSuite({ checkErrors: false });
  return {
    server,
    page,
    go: (path: string) => page.goto(server.origin + path),
    button: (name: string | RegExp) => page.getByRole("button", { name }),
    dialog: () => page.getByRole("dialog"),
  };
}
