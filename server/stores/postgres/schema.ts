/**
 * The tables on PostgreSQL, in the schema `patchbay`, and their migrations. Ids use the collation C, so that they sort by
 * their bytes as everywhere else.
 */
import { PostgresDialect, type PostgresPoolClient } from "kysely";
import type { ClientBase } from "pg";
import { PatchbayError } from "../../../runtime/error.ts";
import { migrateToLatest } from "../migrate.ts";

export const POSTGRES_MIGRATIONS = [
  `CREATE TABLE patchbay.records (
     seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     kind text COLLATE "C" NOT NULL,
     id text COLLATE "C" NOT NULL,
     parent text COLLATE "C",
     revision integer NOT NULL,
     body text NOT NULL,
     created_at bigint NOT NULL,
     updated_at bigint NOT NULL,
     UNIQUE (kind, id)
   );
   CREATE INDEX records_by_parent ON patchbay.records (kind, parent, id);
   CREATE FUNCTION patchbay.tell_records() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     PERFORM pg_notify('patchbay_records', coalesce(NEW.kind, OLD.kind) || ' ' || left(coalesce(NEW.id, OLD.id), 1000));
     RETURN NULL;
   END $$;
   CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON patchbay.records
     FOR EACH ROW EXECUTE FUNCTION patchbay.tell_records();

   CREATE TABLE patchbay.chunks (
     run text COLLATE "C" NOT NULL,
     first integer NOT NULL,
     last integer NOT NULL,
     body text NOT NULL,
     PRIMARY KEY (run, last)
   );
   CREATE TABLE patchbay.runs (
     id text COLLATE "C" PRIMARY KEY,
     status text NOT NULL,
     agent text COLLATE "C",
     slug text COLLATE "C",
     version integer,
     name text NOT NULL,
     graph text NOT NULL,
     session text COLLATE "C",
     "user" text COLLATE "C",
     key text COLLATE "C",
     fork text COLLATE "C",
     message text NOT NULL,
     input_tokens bigint NOT NULL,
     output_tokens bigint NOT NULL,
     cost_usd double precision,
     steps integer NOT NULL,
     tool_calls integer NOT NULL,
     started_at bigint NOT NULL,
     ended_at bigint,
     error text,
     rating text,
     idempotency_id text COLLATE "C",
     body_hash text,
     -- A turn of a session that is under way: there is one at a time.
     turn boolean NOT NULL,
     -- When a wait of it is over, Unix milliseconds.
     wakes_at bigint,
     -- The process that may append, and how often the run changed hands: see members.ts.
     owner text COLLATE "C",
     fence bigint NOT NULL
   );
   CREATE INDEX runs_by_agent ON patchbay.runs (agent, id) WHERE agent IS NOT NULL;
   CREATE INDEX runs_by_session ON patchbay.runs (session, id) WHERE session IS NOT NULL;
   CREATE INDEX runs_by_start ON patchbay.runs (started_at);
   CREATE INDEX runs_open ON patchbay.runs (id) WHERE ended_at IS NULL;
   CREATE UNIQUE INDEX runs_idempotent ON patchbay.runs (coalesce(key, ''), idempotency_id) WHERE idempotency_id IS NOT NULL;
   CREATE UNIQUE INDEX runs_turn ON patchbay.runs (coalesce(key, ''), session) WHERE turn;
   CREATE INDEX runs_wake ON patchbay.runs (wakes_at) WHERE wakes_at IS NOT NULL;
   CREATE TABLE patchbay.graphs (
     hash text COLLATE "C" PRIMARY KEY,
     body text NOT NULL
   );
   CREATE TABLE patchbay.members (
     id text COLLATE "C" PRIMARY KEY,
     role text NOT NULL,
     beats bigint NOT NULL
   );
   -- What one process asks of another; gone once it was answered.
   CREATE TABLE patchbay.asks (
     id text COLLATE "C" PRIMARY KEY,
     body text NOT NULL,
     reply text
   );`,
  // Runs that only wait for people: no process has them, and there is nothing to do.
  `ALTER TABLE patchbay.runs ADD COLUMN parked boolean NOT NULL DEFAULT false;
   UPDATE patchbay.runs SET parked = true WHERE owner IS NULL AND status IN ('waiting', 'uncertain');
   DROP INDEX patchbay.runs_open;
   CREATE INDEX runs_open ON patchbay.runs (parked, id) WHERE ended_at IS NULL;`,
  // Daily usage of agent keys and the holds of running calls (see ledger.ts); active time of runs.
  `CREATE TABLE patchbay.key_days (
     key text COLLATE "C" NOT NULL,
     day text COLLATE "C" NOT NULL,
     used_tokens bigint NOT NULL,
     used_nano_usd bigint NOT NULL,
     held_tokens bigint NOT NULL,
     held_nano_usd bigint NOT NULL,
     PRIMARY KEY (key, day)
   );
   CREATE TABLE patchbay.key_holds (
     id text COLLATE "C" PRIMARY KEY,
     key text COLLATE "C" NOT NULL,
     day text COLLATE "C" NOT NULL,
     tokens bigint NOT NULL,
     nano_usd bigint NOT NULL,
     taken_at bigint NOT NULL
   );
   -- Of runs that ended before the column was there it is not known what they waited for people: all of it counts.
   ALTER TABLE patchbay.runs ADD COLUMN active_ms bigint;
   UPDATE patchbay.runs SET active_ms = ended_at - started_at WHERE ended_at IS NOT NULL;`,
  // Calls of agent keys per minute. Unlogged: a crash may lose them, and no call waits for a sync.
  `CREATE UNLOGGED TABLE patchbay.key_minutes (
     key text COLLATE "C" NOT NULL,
     minute bigint NOT NULL,
     calls integer NOT NULL,
     PRIMARY KEY (key, minute)
   );`,
];

/**
 * Applies pending migrations, one process at a time. Rejects with `unavailable` when the schema is from a newer Patchbay;
 * then nothing was changed.
 */
export async function migrate(client: ClientBase, migrations = POSTGRES_MIGRATIONS): Promise<void> {
  await migrateToLatest({
    migrations,
    schema: "patchbay",
    dialect: new PostgresDialect({
      pool: {
        connect: async () => ({ query: client.query.bind(client), release() {} }) as PostgresPoolClient,
        end: async () => {},
        options: {},
      },
    }),
    run: (sql) => client.query(sql),
    async version() {
      await client.query("CREATE TABLE IF NOT EXISTS patchbay.schema_version (version integer NOT NULL)");
      const { rows } = await client.query<{ version: number }>("SELECT version FROM patchbay.schema_version");
      const version = rows[0]?.version ?? 0;
      if (version > migrations.length)
        throw new PatchbayError(
          "unavailable",
          `The database was written by a newer Patchbay (schema ${version}, this one knows ${migrations.length}); start that version, or use another PATCHBAY_DATABASE_URL.`,
        );
      return version;
    },
    async setVersion(version) {
      await client.query("DELETE FROM patchbay.schema_version");
      await client.query("INSERT INTO patchbay.schema_version VALUES ($1)", [version]);
    },
  });
}
