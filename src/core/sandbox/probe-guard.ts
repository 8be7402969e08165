import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { definedOnly } from '../kernel/defined-only.ts';
import { makeFolder } from '../kernel/files/make-folder.ts';
import { identityAt, realFolder, statsAt } from '../kernel/files/path-stats.ts';
import { runCommand } from '../kernel/processes/run-command.ts';
import { visibleControls } from '../kernel/text.ts';
import { unusableProxy } from './egress-proxy.ts';
import { findGuardTool, type Guard, type GuardTool, insideGuard } from './guard/make-guard.ts';
import { guardOf } from './guard-of.ts';
import {
  findProtectedPlaces,
  forbiddenFolders,
  type GuardedOn,
  type GuardedProject,
  type GuardPart,
  type GuardPlaces,
} from './places.ts';

/** The active guard, or why there is none and how to get it. */
export type GuardNow = ActiveGuard | NoGuard;

export interface ActiveGuard {
  level: 'strict' | 'guard' | 'best effort';
  tool: GuardTool;
  /** What `printOf` returned for the tool before it was tested. */
  tested: string;
  /** Without those of a session. */
  places: GuardPlaces;
  /** The connections out of a strict sandbox, where commands prove a commit. */
  egress?: Pick<GuardPart, 'net' | 'ports'> | undefined;
}

export interface NoGuard {
  level: 'none';
  why: string;
  hint: string;
}

export interface ProbeOptions {
  env: Readonly<Record<string, string | undefined>>;
  platform?: NodeJS.Platform;
  /** For tests: a replacement for the system's tool. */
  tool?: GuardTool;
  limitMs?: number;
  /** `tested` of a guard that has just been made with these places. */
  tested?: string | undefined;
}

const LIMIT_MS = 10_000;

/** Changes if another file takes the tool's place, as by an update of the system. */
export function printOf(tool: GuardTool): string {
  return `${tool.path} ${identityAt(realFolder(tool.path) ?? tool.path)}`;
}

/** The guard of a project here: every start, worker, doctor and proof asks for it in this way. */
export async function guardFor(
  guarded: GuardedProject,
  on: GuardedOn & Pick<ProbeOptions, 'tested'>,
): Promise<GuardNow> {
  if (guarded.settings.sandbox === 'off') return SWITCHED_OFF;
  return await probeGuard(await findProtectedPlaces(guarded, on), on);
}

/**
 * Creates the guard for these places and tries the writes that it must deny: it works only if none of them
 * took effect. Starts the tool once, which takes some 10 ms.
 */
export async function probeGuard(places: GuardPlaces, options: ProbeOptions): Promise<GuardNow> {
  const { env, platform = process.platform } = options;
  const tool = options.tool ?? findGuardTool(env, platform);
  if (tool === undefined) return missingGuard(platform);
  if (places.isStrict && tool.kind !== 'bwrap')
    return {
      level: 'none',
      why: 'SANDBOX=strict needs bubblewrap, which exists only on Linux',
      hint: 'Set SANDBOX=guard in .samocode, or work elsewhere.',
    };
  const proxy = places.isStrict ? unusableProxy(env) : undefined;
  if (proxy !== undefined) return { level: 'none', ...proxy };
  if (places.home.dir === '/')
    return { level: 'none', why: 'there is no home folder', hint: 'Set HOME to a folder.' };
  // A private git folder stores its refs as files.
  if (statsAt(join(places.commonDir, 'reftable')) !== undefined)
    return {
      level: 'none',
      why: 'the refs of this repository are a reftable',
      hint: 'Run "git refs migrate --ref-format=files" there.',
    };
  // A missing folder can't be hidden, and an agent that created it inside would also create it outside.
  makeFolder(places.configFolder, 0o700);
  const tested = printOf(tool);
  const why = options.tested === tested ? undefined : await failureOf(guardOf(tool, places), places, options);
  if (why !== undefined) return { level: 'none', why, hint: HOW_TO_REPAIR[tool.kind] };
  const level = tool.isRoot ? 'best effort' : 'guard';
  return { level: places.isStrict ? 'strict' : level, tool, tested, places };
}

/** Sockets through which a program inside reaches what is hidden. */
const ESCAPING_SOCKETS: readonly string[] = ['docker', 'keyring'];

/**
 * Returns the reason why agents could log in to GitHub as the user; undefined: they can't, if their profile hides
 * the login.
 */
export function forgeLoginProblem(now: GuardNow): Pick<NoGuard, 'why' | 'hint'> | undefined {
  if (now.level === 'none') return now;
  const [open] = now.places.openings.sockets.filter((name) => ESCAPING_SOCKETS.includes(name));
  if (open === undefined) return undefined;
  return { why: `SANDBOX_SOCKETS opens ${open}`, hint: `Remove ${open} from SANDBOX_SOCKETS in .samocode.` };
}

/** Tries to write a file into each given folder; every write should be refused. */
const SCRIPT = 'name=$1; shift; for folder do (: >"$folder/$name") 2>/dev/null; done; echo tried';

async function failureOf(
  guard: Guard,
  places: GuardPlaces,
  { env, limitMs = LIMIT_MS }: ProbeOptions,
): Promise<string | undefined> {
  const folders = forbiddenFolders(places);
  const name = `.samocode-probe-${randomUUID()}`;
  const [file, ...args] = insideGuard(guard, ['/bin/sh', '-c', SCRIPT, 'sh', name, ...folders]);
  const { kind } = guard.tool;
  const path = definedOnly({ PATH: env.PATH });
  const end = await runCommand(file, args, { env: path, timeoutMs: limitMs, leavesBehind: true });
  const written = folders.map((folder) => join(folder, name)).filter((each) => statsAt(each) !== undefined);
  for (const each of written) rmSync(each, { force: true });
  if (end.timedOut) return `${kind} did not answer within ${limitMs / 1000} s`;
  if (end.exitCode !== 0 || end.stdout.trim() !== 'tried') {
    const message = visibleControls((end.stderr.trim().split('\n').at(-1) ?? '').slice(0, 200)).replace(
      /^bwrap: /,
      '',
    );
    return `${kind} does not work here${message === '' ? '' : `: ${message}`}`;
  }
  const [open] = written;
  return open === undefined ? undefined : `${kind} does not keep ${join(open, '..')} from being written`;
}

export function missingGuard(platform: NodeJS.Platform = process.platform): NoGuard {
  if (platform === 'darwin')
    return { level: 'none', why: 'sandbox-exec was not found', hint: HOW_TO_REPAIR['sandbox-exec'] };
  return {
    level: 'none',
    why: 'bubblewrap (bwrap) is not installed',
    hint: 'Install it: "sudo apt install bubblewrap" on Debian and Ubuntu, the package bubblewrap elsewhere; docs/security.md says more.',
  };
}

const HOW_TO_REPAIR: Readonly<Record<GuardTool['kind'], string>> = {
  bwrap: 'Allow user namespaces: docs/security.md says how, also for Ubuntu 24.04 and in containers.',
  'sandbox-exec': 'It is part of macOS; check whether a policy of this Mac forbids it.',
};

const SWITCHED_OFF: GuardNow = {
  level: 'none',
  why: 'SANDBOX is off',
  hint: 'Remove SANDBOX=off from .samocode.',
};
