/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** The version of package.json, inserted by the build. */
  readonly PATCHBAY_VERSION: string;
}
