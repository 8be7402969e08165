import { mkdirSync, readFileSync, renameSync, rmSync, type Stats, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { Script, constants as vm } from 'node:vm';
import { stateRoot } from '../../kernel/config-folder.ts';
import { orNothing } from '../../kernel/errors.ts';
import { fingerprint } from '../../kernel/files/fingerprint.ts';
import { namesAt, statsAt } from '../../kernel/files/path-stats.ts';
import { withPlainFile } from '../../kernel/files/plain-file.ts';
import { SESSION_MARK } from './marks.ts';

/** `off` for the worker of a session without a guard: its agents could write the code that it would run. */
export const CODE_CACHE = 'SAMOCODE_CODE_CACHE';
/** Of all programs, builds and Nodes together; each has one to two megabytes. */
const MAX_FILES = 12;
/** So many runs add what they used: the first one may have been a mistyped command. */
const GROWING_RUNS = 8;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Loads a program of ours, one CommonJS file, with the code that V8 compiled in an earlier run: compiling is a third of
 * the time and memory of a start. It compares length, version and flags, never the content, so the name of a cache has
 * the program's fingerprint, and only what lies in the state root, where agents in a guard see nothing, is believed.
 * @param entry what of the program runs: each has a cache with the code that it needs
 */
export function loadProgram<Exports>(path: string, entry: string, env: Environment): Exports {
  const load = createRequire(path);
  const program = isWanted(env) ? orNothing(() => newProgram(path, entry)) : undefined;
  if (program === undefined) return load(path);
  const own = { exports: {} };
  program(own.exports, load, own, path, dirname(path));
  return own.exports as Exports;
}

function isWanted(env: Environment): boolean {
  return env[CODE_CACHE] !== 'off' && env[SESSION_MARK] === undefined;
}

function newProgram(filename: string, entry: string): (...own: unknown[]) => void {
  const text = readFileSync(filename);
  const names = [entry, process.version, process.arch, fingerprint(text)];
  const cache = join(stateRoot(homedir()), 'code', names.join('-'));
  const kept = orNothing(() => readCache(cache));
  const cachedData = kept?.code;
  // Node's own form, with the imports that it gives to a file.
  const script = new Script(`(function(exports,require,module,__filename,__dirname){${text}\n})`, {
    ...(cachedData && { cachedData }),
    filename,
    importModuleDynamically: vm.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const runs = kept === undefined || script.cachedDataRejected ? 0 : kept.runs;
  if (runs < GROWING_RUNS)
    process.once('exit', () =>
      orNothing(() => writeCache(cache, { runs: runs + 1, code: script.createCachedData() })),
    );
  return script.runInThisContext();
}

interface Kept {
  /** Of which it has what they used. */
  runs: number;
  code: Buffer;
}

/** @returns undefined unless it is whole, and a plain file that only this user could write */
function readCache(path: string): Kept | undefined {
  if (!isOwn(statsAt(dirname(path)))) return undefined;
  const bytes = withPlainFile(path, (descriptor, stats) =>
    stats.nlink === 1 && isOwn(stats) ? readFileSync(descriptor) : undefined,
  );
  if (!Buffer.isBuffer(bytes)) return undefined;
  // Eight bytes for the number, so that V8 finds the code where it need not move it.
  const sealed = bytes.subarray(SEAL_BYTES);
  if (bytes.toString('latin1', 0, SEAL_BYTES) !== fingerprint(sealed)) return undefined;
  return { runs: sealed.readInt32LE(), code: sealed.subarray(8) };
}

const SEAL_BYTES = fingerprint('').length;

/** @param ofOthers mode bits of group and others, none of which may be set */
function isOwn(stats: Stats | undefined, ofOthers = 0o77): boolean {
  return stats !== undefined && stats.uid === process.getuid?.() && (stats.mode & ofOthers) === 0;
}

/** Not synced: what a power cut leaves of it does not match its seal. */
function writeCache(path: string, { runs, code }: Kept): void {
  const folder = dirname(path);
  // Where no session ever was, there is nothing to be quick for.
  if (!isOwn(statsAt(dirname(folder)), 0o22)) return;
  if (statsAt(folder) === undefined) mkdirSync(folder, { mode: 0o700 });
  if (!isOwn(statsAt(folder))) return;
  const draft = `${path}.${process.pid}`;
  try {
    const number = Buffer.alloc(8);
    number.writeInt32LE(runs);
    const sealed = Buffer.concat([number, code]);
    const bytes = Buffer.concat([Buffer.from(fingerprint(sealed)), sealed]);
    writeFileSync(draft, bytes, { flag: 'wx', mode: 0o600 });
    renameSync(draft, path);
  } finally {
    rmSync(draft, { force: true });
  }
  const times = (namesAt(folder) ?? []).map((name) => {
    const each = join(folder, name);
    return { each, atMs: statsAt(each)?.mtimeMs ?? 0 };
  });
  for (const { each } of times.sort((a, b) => b.atMs - a.atMs).slice(MAX_FILES))
    rmSync(each, { force: true });
}
