import { mkdir, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { systemClock } from '../../../../../src/core/kernel/clock.ts';
import { runCommand } from '../../../../../src/core/kernel/processes/run-command.ts';
import {
  type Cell,
  type CellEnd,
  type OldPromises,
  tryOldPromises,
} from '../../../../../src/core/project/proving/old-promises.ts';
import { runOnClone } from '../../../../../src/core/project/proving/run-on-clone.ts';
import { pathsOf, squareOf } from '../../../../../src/core/project/proving/square.ts';
import { changesOfChecks } from '../../../../../src/core/project/proving/weakened-read.ts';
import { childEnvironment } from '../../../../../src/core/sandbox/programs/environment.ts';
import { proofPlace } from '../../../../../src/core/sandbox/proof-place.ts';
import { makeRepo, type TempRepo } from '../../../../support/temp-repo.ts';

/** A branch: files of its base, and what the work makes of them; null deletes one. */
export interface SquareRow {
  name: string;
  check: string;
  setup?: string;
  base: Readonly<Record<string, string>>;
  work: Readonly<Record<string, string | null>>;
  moved?: readonly [from: string, to: string][];
  /** Without this program the row cannot be played. */
  needs?: string;
  ci?: true;
  /** Whether the comparison by names and counts asks a person. */
  asks: boolean;
  /** What the cells say. */
  now: OldPromises['kind'];
}

export interface PlayedRow {
  /** On the base and on the branch. */
  green: { base: boolean; branch: boolean };
  asks: boolean;
  old: OldPromises;
  changed: string[];
  untried: string[];
  cells: Cell[];
}

/** Runs a row for real: git, clones, and the runner of its check. */
export async function playRow({ check, setup, ...row }: SquareRow): Promise<PlayedRow> {
  await using repo = await makeRepo({ files: row.base });
  const base = await repo.git(['rev-parse', 'HEAD']);
  for (const [from, to] of row.moved ?? []) {
    await mkdir(dirname(join(repo.path, to)), { recursive: true });
    await repo.git(['mv', from, to]);
  }
  for (const [path, text] of Object.entries(row.work)) await put(join(repo.path, path), text);
  const tip = await repo.commit('Work');
  const git = { baseEnv: repo.env, cwd: repo.path };
  const own = [check];
  const { weakened } = await changesOfChecks({ mainRepo: repo.path, base, commit: tip }, git);
  const square = await squareOf({ base, tip }, setup === undefined ? own : [...own, setup], git);
  const cells: Cell[] = [];
  const old = await tryOldPromises(square, {
    git,
    indexPath: join(repo.root, 'cell.index'),
    async tryCell(cell) {
      cells.push(cell);
      return await endOf(repo, { commit: cell.commit, base, check, setup });
    },
  });
  const isGreen = async (commit: string) =>
    (await endOf(repo, { commit, base, check, setup })).kind === 'green';
  return {
    green: { base: await isGreen(base), branch: await isGreen(tip) },
    asks:
      weakened.length > 0 ||
      square.differences.some(({ isUntried, role }) => isUntried && role === 'unknown'),
    old,
    changed: 'changed' in old ? pathsOf(old.changed) : [],
    untried: pathsOf(square.differences.filter(({ isUntried }) => isUntried)),
    cells,
  };
}

async function put(path: string, text: string | null): Promise<void> {
  if (text === null) return await rm(path);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

interface AskedCell {
  commit: string;
  base: string;
  check: string;
  setup: string | undefined;
}

async function endOf(repo: TempRepo, { check, setup, ...commits }: AskedCell): Promise<CellEnd> {
  const env = { ...childEnvironment(repo.env, { sessionUlid: 'x', iteration: 0 }), ...(await ofRunners()) };
  const set = {
    ...{ name: 'cell', mainRepo: repo.path, ...commits, branch: 'x', areObjectsWritable: false },
    ...{ scratch: join(repo.root, 'checks/x'), commands: [check] },
    ...{ outputDir: join(repo.root, 'outputs'), outputRoot: repo.root, signal: new AbortController().signal },
    proving: { setup, copy: [], timeoutMs: 600_000 },
    placeIn: (folders: Parameters<typeof proofPlace>[1]) => proofPlace(undefined, folders, env),
  };
  const tools = { clock: systemClock, context: { baseEnv: repo.env } };
  const { runs } = await runOnClone(set, tools, (problem) => new Error(problem));
  const red = runs.find(({ how }) => how !== undefined);
  if (red === undefined) return { kind: 'green' };
  const { command, how = '', tail, output } = red;
  return { kind: 'red', command, how, output, tail, says: '' };
}

let runners: Promise<Record<string, string>> | undefined;

/** Shims of the machine find their programs below a home that no check has. */
async function ofRunners(): Promise<Record<string, string>> {
  runners ??= (async () => {
    const env = { PATH: process.env.PATH ?? '', HOME: userInfo().homedir };
    // By its path: programs that are found by name come from home last.
    const find = ['-c', 'python3 -c "import sys; print(sys.executable)"'];
    const { stdout } = await runCommand('/bin/sh', find, { cwd: '/', env });
    const PATH = `${dirname(stdout.trim())}:${env.PATH}`;
    const { CARGO_HOME = join(env.HOME, '.cargo'), RUSTUP_HOME = join(env.HOME, '.rustup') } = process.env;
    return { PATH, CARGO_HOME, RUSTUP_HOME, CARGO_NET_OFFLINE: 'true', CI: '1' };
  })();
  return await runners;
}

/** Whether this machine has what a row needs. */
export async function canPlay({ needs }: SquareRow): Promise<boolean> {
  if (needs === undefined) return true;
  const env = { PATH: '', HOME: userInfo().homedir, ...(await ofRunners()) };
  const { exitCode } = await runCommand('/bin/sh', ['-c', needs], { cwd: '/', env });
  return exitCode === 0;
}
