/** Opens, creates and drops the LanceDB tables of all knowledge. */
import type { Connection } from "@lancedb/lancedb";
import type { Schema } from "apache-arrow";
import type { S3Location } from "../process/s3-location.ts";
import { lance, PassageTable } from "./passage-table.ts";

/** Seconds until a reader sees writes of other processes. */
const CONSISTENT_AFTER_S = 2;

export class PassageStore {
  readonly #place: string | S3Location;
  #connection: Promise<Connection> | undefined;
  readonly #tables = new Map<string, Promise<PassageTable>>();

  /** `place`: an absolute folder, the address of an object store, or a place in a bucket. Nothing is opened before it is needed. */
  constructor(place: string | S3Location) {
    this.#place = place;
  }

  /** The table of that name; creates it when it does not exist. */
  async table(name: string): Promise<PassageTable> {
    let table = this.#tables.get(name);
    if (!table) {
      table = this.#open(name);
      this.#tables.set(name, table);
      table.catch(() => this.#tables.delete(name));
    }
    return await table;
  }

  async readable(name: string): Promise<boolean> {
    try {
      await (await this.table(name)).count();
      return true;
    } catch {
      return false;
    }
  }

  async names(): Promise<string[]> {
    return await (await this.#connect()).tableNames({ limit: 100_000 });
  }

  async drop(name: string): Promise<void> {
    const open = this.#tables.get(name);
    this.#tables.delete(name);
    await (await open?.catch(() => undefined))?.close();
    const connection = await this.#connect();
    if ((await connection.tableNames({ limit: 100_000 })).includes(name)) await connection.dropTable(name);
  }

  async close(): Promise<void> {
    for (const table of this.#tables.values()) await (await table.catch(() => undefined))?.close();
    this.#tables.clear();
    (await this.#connection?.catch(() => undefined))?.close();
    this.#connection = undefined;
  }

  async #connect(): Promise<Connection> {
    this.#connection ??= lance().then(({ connect }) =>
      connect(
        typeof this.#place === "string"
          ? this.#place
          : `s3://${this.#place.bucket}/${this.#place.prefix}`.replace(/\/$/, ""),
        {
          readConsistencyInterval: CONSISTENT_AFTER_S,
          ...(typeof this.#place !== "string" && { storageOptions: storageOptions(this.#place) }),
        },
      ),
    );
    try {
      return await this.#connection;
    } catch (error) {
      this.#connection = undefined;
      throw error;
    }
  }

  async #open(name: string): Promise<PassageTable> {
    const connection = await this.#connect();
    const { Index } = await lance();
    const there = (await connection.tableNames({ limit: 100_000 })).includes(name);
    const table = await (there ? connection.openTable(name) : connection.createEmptyTable(name, await schema()));
    const indexed = new Set((await table.listIndices()).flatMap((index) => index.columns));
    if (!indexed.has("terms"))
      await table.createIndex("terms", {
        config: Index.fts({
          baseTokenizer: "whitespace",
          maxTokenLength: 160,
          lowercase: false,
          asciiFolding: false,
          stem: false,
          removeStopWords: false,
          withPosition: false,
        }),
      });
    if (!indexed.has("document")) await table.createIndex("document", { config: Index.btree() });
    return new PassageTable(table);
  }
}

function storageOptions(place: S3Location): Record<string, string> {
  return {
    aws_access_key_id: place.accessKeyId,
    aws_secret_access_key: place.secretAccessKey,
    aws_region: place.region,
    ...(place.sessionToken !== undefined && { aws_session_token: place.sessionToken }),
    ...(place.endpoint !== undefined && {
      aws_endpoint: place.endpoint,
      allow_http: String(place.endpoint.startsWith("http://")),
    }),
  };
}

async function schema(): Promise<Schema> {
  const { Field, Int32, Schema, Utf8 } = await import("apache-arrow");
  const text = (name: string, nullable = false) => new Field(name, new Utf8(), nullable);
  return new Schema([
    text("key"),
    text("document"),
    text("version"),
    text("title"),
    text("text"),
    text("terms"),
    text("heading", true),
    new Field("line", new Int32(), true),
    new Field("page", new Int32(), true),
  ]);
}
