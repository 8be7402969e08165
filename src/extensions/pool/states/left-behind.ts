import { counted, shownText } from '../../../core/kernel/text.ts';
import { MAX_FILE_BYTES } from '../../../core/project/checkpoints/file-bounds.ts';
import { runGit } from '../../../core/project/git/git.ts';
import type { GitContext } from '../../../core/project/git/repository.ts';
import type { Ulid } from '../board/board.ts';
import { POOL_REFS } from '../board/git-remote.ts';
import { readStateManifest, type StateManifest } from '../board/state-manifest.ts';
import { isSafePath } from './state-commit.ts';

const MEGABYTE = 1024 * 1024;
const MAX_SHOWN = 20;

/** The work of a session that stays on the machine that saved its published state, one sentence each. */
export function leftBehind(left: StateManifest['left']): string[] {
  if (left === undefined) return [];
  const { files = [], submodules = [], more = 0 } = left;
  const on = shown(left.on);
  const beyond = more + Math.max(0, files.length - MAX_SHOWN) + Math.max(0, submodules.length - MAX_SHOWN);
  return [
    ...files.slice(0, MAX_SHOWN).map(({ path, bytes }) => {
      const size = bytes === undefined ? '' : ` (${sizeText(bytes)})`;
      return `${shown(path)}${size} stays on ${on}: ${reasonFor(path, bytes)}.`;
    }),
    ...submodules
      .slice(0, MAX_SHOWN)
      .map((path) => `Changes in ${shown(path)} stay on ${on}: it is a submodule or a separate repository.`),
    ...(beyond > 0 ? [`${counted(beyond, 'more path')} of these kinds also stay on ${on}.`] : []),
  ];
}

function reasonFor(path: string, bytes: number | undefined): string {
  if (path.endsWith('*')) return 'the folder has more than 5,000 new files, or more than 500 MB of them';
  if (bytes !== undefined && bytes > MAX_FILE_BYTES) return `it is larger than ${sizeText(MAX_FILE_BYTES)}`;
  return isSafePath(path)
    ? 'it cannot be read, the repository encrypts it, or the session has more than 1 GB of documents'
    : 'its name contains a character that is not allowed in a state';
}

function sizeText(bytes: number): string {
  return bytes < MEGABYTE ? `${Math.ceil(bytes / 1024)} kB` : `${Math.floor(bytes / MEGABYTE)} MB`;
}

function shown(text: string): string {
  return shownText(text).replaceAll(/\s+/g, ' ');
}

/** What `leftBehind` says of each session whose published state was fetched. Only for display. */
export async function leftBehindByFetched(
  git: GitContext & { cwd: string },
): Promise<ReadonlyMap<Ulid, string[]>> {
  const list = ['for-each-ref', '--format=%(contents:subject)', `${POOL_REFS}sessions/`];
  const { stdout } = await runGit(list, git);
  const found = new Map<Ulid, string[]>();
  for (const line of stdout.split('\n')) {
    const reading = readStateManifest(line);
    if (reading.kind === 'manifest') found.set(reading.manifest.id, leftBehind(reading.manifest.left));
  }
  return found;
}
