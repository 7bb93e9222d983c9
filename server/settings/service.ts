export interface ServerSettings {
  /** Ended runs that started earlier are deleted with their events; null: never. */
  keepRunsDays: number | null;
  /** `provider/model`; null: what the environment says, else the first that is configured. */
  defaultModel: string | null;
  /** `provider/model`; null: what the environment says, else none. */
  defaultEmbedder: string | null;
}

export interface Settings {
  get(): Promise<ServerSettings>;
  /** Resolves when what follows from the change is done. */
  change(change: Partial<ServerSettings>): Promise<ServerSettings>;
}
