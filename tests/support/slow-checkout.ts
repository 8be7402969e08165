import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { eventually } from './eventually.ts';
import type { RepoPlan } from './temp-repo.ts';

const FILES = 40;

/** A file next to the repository: while it exists, git writes four files in a second. */
export const SLOW = 'slow';

const ATTRIBUTES = { '.gitattributes': '*.txt filter=slow\n' };

/** A repository with a slow filter for files that come later. */
export const SLOW_FILTER: RepoPlan = {
  files: ATTRIBUTES,
  settings: `[filter "slow"]\n\tsmudge = "test -e \\"$OUTSIDE/${SLOW}\\" && sleep 0.25; cat"\n\tclean = cat\n`,
};

/** A repository of forty files with a slow filter. */
export const SLOW_FILES: RepoPlan = {
  ...SLOW_FILTER,
  files: {
    ...ATTRIBUTES,
    ...Object.fromEntries(Array.from({ length: FILES }, (_, at) => [`file-${at}.txt`, `${at}\n`])),
  },
};

/** Waits until git has written some of these files, but not all. */
export async function halfWritten(isNew: (name: string) => boolean, folder: string): Promise<void> {
  const written = async () => existsSync(folder) && (await readdir(folder)).filter(isNew).length > 2;
  await eventually(written, { what: 'a checkout in progress' });
}
