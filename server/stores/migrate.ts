/** Schema migrations with kysely's `Migrator`, the same on SQLite and PostgreSQL. */
import { type Dialect, Kysely } from "kysely";
import { Migrator } from "kysely/migration";
import { faultPoint } from "../process/fault.ts";

/** A database to migrate. All members use the connection of `dialect`. */
export interface Schema {
  /** SQL, oldest first. A released migration never changes. */
  migrations: readonly string[];
  /** Where the migrator stores its tables; absent: the default schema. */
  schema?: string;
  dialect: Dialect;
  run(sql: string): unknown;
  /**
   * Number of applied migrations, from a counter that is older than the migrator. It shows which migrations a database
   * from before the migrator has, and prevents older servers from opening newer databases. Throws when it is too new.
   */
  version(): number | Promise<number>;
  setVersion(version: number): unknown;
}

/**
 * Applies pending migrations in one transaction, one process at a time. Rejects with the error of the database; then
 * nothing was changed.
 */
export async function migrateToLatest({ migrations, schema, dialect, ...database }: Schema): Promise<void> {
  const migrator = new Migrator({
    db: new Kysely<unknown>({ dialect }),
    ...(schema !== undefined && { migrationTableSchema: schema }),
    provider: {
      // Called under the migrator's lock.
      async getMigrations() {
        const applied = await database.version();
        return Object.fromEntries(
          migrations.map((sql, index) => [
            String(index + 1).padStart(4, "0"),
            {
              async up() {
                if (index < applied) return;
                await database.run(sql);
                faultPoint("mid-migration");
                await database.setVersion(index + 1);
              },
            },
          ]),
        );
      },
    },
  });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
}
