import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { builtPrograms, WITH_DIFFICULT_ACTS } from './built-programs.ts';
import { startQuickly } from './quick-start.ts';

/** What the build before did not have: present in the sources, else the test says that the text has moved. */
const TAKEN_AWAY: readonly [string, string | RegExp][] = [
  // Names that agents may change: it compares them, and the next build does not.
  ['src/core/session/layout/paths.ts', /(?<=name: '(?:now\.json|services)'.*), duringAgent: true/g],
  // It names none of them in its records.
  ['src/core/worker/guarding/changes.ts', 'written: [...NAMES_WRITTEN], '],
  // A kind of event that the next build records.
  ['src/core/session/events/bodies/event-types.ts', /^ {2}message_kept: .*\n/m],
  ['src/core/session/events/bodies/event-types.ts', /^ {2}way_chosen: .*\n/m],
];
const COPIED = ['src', 'workflow', 'agents', 'prompts', 'commands', 'skills', 'package.json', 'scripts'];

export const OLDER_VERSION = '0.0.0-older';

/** The programs of an older build: built from the present sources without what one version adds; once per state of them. */
export async function olderPrograms(): Promise<{ worker: string; cli: string; supervisor: string }> {
  const now = join((await builtPrograms()).worker, '..');
  const folder = join(now, '..', basename(now).replace('programs-', 'programs-older-'));
  building ??= buildOlder(folder);
  await building;
  return {
    worker: join(folder, 'worker.cjs'),
    cli: join(folder, 'samocode.js'),
    supervisor: join(folder, 'supervisor.cjs'),
  };
}

let building: Promise<void> | undefined;

async function buildOlder(folder: string): Promise<void> {
  const isBuilt = await readFile(join(folder, 'worker.cjs')).then(
    () => true,
    () => false,
  );
  if (isBuilt) return;
  const sources = `${folder}.sources.${process.pid}`;
  const draft = `${folder}.${process.pid}`;
  await mkdir(sources);
  try {
    for (const name of COPIED) await cp(name, join(sources, name), { recursive: true });
    await symlink(join(process.cwd(), 'node_modules'), join(sources, 'node_modules'));
    for (const [path, text] of TAKEN_AWAY) {
      const before = await readFile(join(sources, path), 'utf8');
      const after = before.replace(text, '');
      if (after === before) throw new Error(`${path} has no ${text}: choose what an older build lacks anew`);
      await writeFile(join(sources, path), after);
    }
    const args = ['scripts/build.mjs', '--outdir', draft, '--version', OLDER_VERSION, ...WITH_DIFFICULT_ACTS];
    await promisify(execFile)(process.execPath, args, { cwd: sources });
    await startQuickly(draft);
    await rename(draft, folder).catch(() => rm(draft, { recursive: true, force: true }));
  } finally {
    await rm(sources, { recursive: true, force: true });
  }
}
