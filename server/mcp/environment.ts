/** The environment variables of a command: which are refused, which need an explicit yes, and which values are secrets. */

/** Variables that always make a loader, a shell or a package manager run other code. They are refused. */
const REFUSED =
  /^(?:NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|LD_.*|DYLD_.*|PATH|PATHEXT|COMSPEC|SHELL|BASH_ENV|ENV|BASHOPTS|SHELLOPTS|PS4|IFS|PROMPT_COMMAND|ZDOTDIR|PYTHON(?:PATH|HOME|STARTUP|USERBASE|INSPECT|BREAKPOINT|WARNINGS)|PERL5(?:LIB|OPT|DB)|PERLLIB|RUBY(?:OPT|LIB)|GEM_(?:HOME|PATH)|LUA_INIT.*|LUA_C?PATH.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|JDK_JAVA_OPTIONS|CLASSPATH|DOTNET_STARTUP_HOOKS|COR_PROFILER.*|CORECLR_PROFILER.*|NPM_CONFIG_.*|YARN_.*|PNPM_.*|BUN_.*|DENO_.*|UV_.*|PIP_.*|GIT_.*|SSH_ASKPASS|EDITOR|VISUAL|PAGER|BROWSER|GCONV_PATH|LOCPATH|MALLOC_.*|GLIBC_TUNABLES)$/;

/** Names that only steer the program itself: its language, its log, its port. */
const KNOWN = /^(?:LANG|LC_ALL|TZ|NODE_ENV|PORT|LOG_LEVEL|DEBUG|NO_COLOR|FORCE_COLOR)$/;

/** Names of credentials. No loader reads a variable of such a name. */
const CREDENTIAL =
  /^(?:[A-Z0-9_]+_)?(?:API_?KEY|KEY|ACCESS_KEY_ID|TOKEN|PAT|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|CLIENT_ID|CLIENT_SECRET|WEBHOOK)$/;

/** Values that are credentials whatever their name: known prefixes of keys, and addresses with a password. */
const CREDENTIAL_VALUE =
  /^(?:Bearer |sk-|pk-|rk_|ghp_|gho_|github_pat_|glpat-|xox[abp]-|AKIA|AIza|eyJ[\w-]+\.|pb_)|^[a-z][a-z0-9+.-]*:\/\/[^\s/@:]*:[^\s/@]+@/i;

/** A placeholder for a value in a documented example: `${API_KEY}`, `<your token>`, `YOUR_API_KEY`. */
const PLACEHOLDER =
  /^(?:\$\{[^}]*\}|<[^<>]+>|\[[^[\]]+\]|(?:your|my|insert|enter|put|replace|paste)[-_ ].*|x{3,}|\*{3,}|\.{3}|…)$/i;

export function isRefusedVariable(name: string): boolean {
  return REFUSED.test(name.toUpperCase());
}

/** A name outside the short list of known ones may change which code a command runs: it needs an explicit yes. */
export function isKnownVariable(name: string): boolean {
  return KNOWN.test(name) || CREDENTIAL.test(name.toUpperCase());
}

/** Whether a value is kept as a secret. Every other value is shown in full and is part of what is approved. */
export function isSecretValue(name: string, value: string): boolean {
  return CREDENTIAL.test(name.toUpperCase()) || CREDENTIAL_VALUE.test(value);
}

/** Whether a value is a placeholder of an example and the real one is still missing. */
export function isPlaceholder(value: string): boolean {
  return PLACEHOLDER.test(value.trim());
}
