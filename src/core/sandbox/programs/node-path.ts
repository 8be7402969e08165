import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { PROVIDER_ERRORS } from '../../agents/contract/provider-errors.ts';
import { definedOnly } from '../../kernel/defined-only.ts';
import { runCommand } from '../../kernel/processes/run-command.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The Node to start our programs with: the one running us, or another one if that is unusable. In Claude
 * Desktop a server can run in an Electron UtilityProcess, which can't be started as Node; and an upgrade
 * might have deleted the program of a running server.
 */
export async function nodePath(env: Environment): Promise<string> {
  if (isNode()) return process.execPath;
  found ??= findElsewhere(env).catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return await found;
}

/** The Node of a worker, with which a strict sandbox starts the relay. */
export function nodeProgram(): string {
  return process.execPath;
}

/** The folder of the program running us, which later starts workers and supervisors. */
export function nodeFolder(): string {
  return dirname(process.execPath);
}

let found: Promise<string> | undefined;

function isNode(): boolean {
  const { execPath, versions } = process;
  return versions.electron === undefined && /^node/.test(basename(execPath)) && existsSync(execPath);
}

async function findElsewhere(env: Environment): Promise<string> {
  const { execPath, versions } = process;
  const place = { env, homeDir: env.HOME ?? homedir(), nodePath: execPath };
  const folders = [...absoluteFolders(homeLast(env)), ...(await usualPlaces(place))];
  // Electron also answers --version, but would open a window or hang if started as Node.
  const first = versions.electron === undefined ? [execPath] : [];
  return await firstNode([...first, ...folders.map((folder) => join(folder, 'node'))], env);
}

/** The first of the paths that is a Node.js >= 20.19. */
export async function firstNode(paths: readonly string[], env: Environment): Promise<string> {
  for (const path of new Set(paths))
    if ((await isExecutable(path)) && (await isNewEnough(path, env))) return path;
  throw PROVIDER_ERRORS.node_not_found();
}

const LIMIT_MS = 5_000;

async function isNewEnough(path: string, env: Environment): Promise<boolean> {
  const { stdout } = await runCommand(path, ['--version'], { env: definedOnly(env), timeoutMs: LIMIT_MS });
  const [, major, minor] = (/^v(\d+)\.(\d+)\./.exec(stdout) ?? []).map(Number);
  return major !== undefined && minor !== undefined && (major > 20 || (major === 20 && minor >= 19));
}

/**
 * The folders in which system packages install programs: Homebrew on both kinds of Mac, MacPorts, distributions,
 * snap.
 */
const SYSTEM_FOLDERS = [
  '/opt/homebrew/bin',
  '/usr/local/bin',
  '/opt/local/bin',
  '/usr/bin',
  '/bin',
  '/snap/bin',
];

/**
 * POSIX shell text that defines `find_node [FILE…]`: it prints the path of the first Node.js >= 20.19 among
 * the given files, PATH, the system's folders, version managers and, for at most 5 s, the PATH of a login
 * shell. It is shell text because the bundle for Claude Desktop runs it before any Node.
 */
export function findNodeScript(systemFolders: readonly string[] = SYSTEM_FOLDERS): string {
  return `# The program at PART in a folder that holds one folder per version, newest version first: FOLDER PART
newest() {
  ls "$1" 2>/dev/null | sed 's/^v//' | sort -t. -k1,1nr -k2,2nr -k3,3nr | while IFS= read -r version; do
    printf '%s\\n' "$1/v$version/$2" "$1/$version/$2"
  done
}

candidates() {
  printf '%s\\n' "$@"
  (set -f; IFS=:; for folder in $PATH; do printf '%s\\n' "$folder/node"; done)
  for folder in ${systemFolders.join(' ')}; do printf '%s\\n' "$folder/node"; done
  newest "\${NVM_DIR:-$HOME/.nvm}/versions/node" bin/node
  for folder in "\${FNM_DIR:-$HOME/.local/share/fnm}" "$HOME/Library/Application Support/fnm" "$HOME/.fnm"; do
    printf '%s\\n' "$folder/aliases/default/bin/node"
    newest "$folder/node-versions" installation/bin/node
  done
  printf '%s\\n' "\${VOLTA_HOME:-$HOME/.volta}/bin/node"
  newest "\${MISE_DATA_DIR:-$HOME/.local/share/mise}/installs/node" bin/node
  newest "\${ASDF_DATA_DIR:-$HOME/.asdf}/installs/nodejs" bin/node
  printf '%s\\n' "\${N_PREFIX:-$HOME/n}/bin/node"
}

# Reads paths, prints the first one that is a Node.js >= 20.19. Standard input stays unread by what it tries.
first_fit() {
  while IFS= read -r candidate; do
    case $candidate in /*) ;; *) continue ;; esac
    [ -f "$candidate" ] && [ -x "$candidate" ] || continue
    version=$("$candidate" --version 2>/dev/null </dev/null) || continue
    major=\${version#v} minor=\${version#*.}
    major=\${major%%.*} minor=\${minor%%.*}
    case $version:$major$minor in v*:*[!0-9]* | [!v]*) continue ;; esac
    if [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 19 ]; }; then
      printf '%s\\n' "$candidate"
      return 0
    fi
  done
  return 1
}

# Start-up files run what other programs wrote. In bubblewrap they write nothing and reach no service. Becomes the program.
guarded() {
  hidden="$HOME/.config/samocode" runtime="$XDG_RUNTIME_DIR"
  [ -d "$hidden" ] || hidden=/dev/shm
  [ -d "$runtime" ] || runtime=/run
  # Not from PATH, where an agent might have put another one.
  for bwrap in /usr/bin/bwrap /bin/bwrap /usr/local/bin/bwrap /run/current-system/sw/bin/bwrap; do
    [ ! -x "$bwrap" ] || exec "$bwrap" --ro-bind / / --proc /proc --ro-bind-try /proc/sys /proc/sys \\
      --ro-bind-try /proc/sysrq-trigger /proc/sysrq-trigger --dev /dev --tmpfs /dev/shm --tmpfs /tmp \\
      --tmpfs "$runtime" --tmpfs /run --ro-bind-try /run/current-system /run/current-system \\
      --ro-bind "$HOME" "$HOME" --tmpfs "$hidden" --unshare-net --unshare-pid --unshare-ipc \\
      --die-with-parent --cap-drop ALL -- "$@"
  done
  return 1
}

# Start-up files may print, wait for input or never end.
in_login_shell() {
  [ -x "$SHELL" ] && answer=$(mktemp) || return 1
  set -- "$SHELL" -ilc 'command -v node'
  ! (guarded /bin/sh -c :) </dev/null >/dev/null 2>&1 || set -- guarded "$@"
  "$@" </dev/null >"$answer" 2>/dev/null &
  shell=$! waited=0
  while kill -0 "$shell" 2>/dev/null && [ "$waited" -lt 5 ]; do sleep 1; waited=$((waited + 1)); done
  kill -9 "$shell" $(ps -A -o pid= -o ppid= | awk -v shell="$shell" '$2 == shell { print $1 }') 2>/dev/null
  cat "$answer"
  rm -f "$answer"
}

find_node() {
  candidates "$@" | first_fit || in_login_shell | first_fit
}
`;
}
