import { dirname, extname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Proving } from '../../../core/kernel/phases/proving.ts';
import { visibleControls } from '../../../core/kernel/text.ts';
import { realPathAsFar } from '../../../core/project/git/real-path.ts';
import { removeAtOnce } from '../../../core/project/git/remove-tree.ts';
import { changedPaths } from '../../../core/project/worktrees/changes.ts';
import { sandboxFolders } from '../../../core/project/worktrees/sandbox-folders.ts';
import { CHROMIUMS, programOnPath } from '../../../core/sandbox/programs/locate-cli.ts';
import { SESSION_MARK } from '../../../core/sandbox/programs/marks.ts';
import type { PicturesTaken } from '../../../core/session/events/bodies/pictures.ts';
import type { ProvenCommit, SessionExtension } from '../../../core/worker/state/extension.ts';
import { provingOf, stateOf, type Worker } from '../../../core/worker/state/worker.ts';
import { WIDTHS } from './job.ts';
import { NO_SANDBOX, playwrightOf } from './run-job.ts';
import { settingsKey, takeBoth } from './take-both.ts';

const MAX_UI_FILES = 20;
/** Of files that decide what people see. */
const UI_ENDINGS =
  'astro css ejs erb haml hbs htm html j2 jinja jsx less liquid mustache njk php png pug sass scss svelte svg tsx twig vue webp jpg jpeg gif ico woff woff2'.split(
    ' ',
  );
/** For a picture: to open the page, to wait until its network is quiet, and to draw it. */
const PICTURE_LIMIT_MS = 120_000;

/** Takes the pictures of a proven commit, unless they were taken before. */
export const takeAfterProof: NonNullable<SessionExtension['afterProof']> = async (worker, proven) => {
  const proving = provingOf(worker);
  if ((proving.application?.pages ?? []).length === 0) return [];
  const { baseCommit: base } = proven.worktree;
  const { commit } = proven;
  const before = stateOf(worker).pictures;
  const isSame = before?.commit === commit && before.base === base;
  if (isSame && isComplete(before, proving)) return [];
  const taken = await takenOf(worker, proven).catch((error: unknown) => {
    proven.signal.throwIfAborted();
    return { pages: [], said: error instanceof Error ? error.message : String(error) };
  });
  const said = taken.said === undefined ? undefined : visibleControls(taken.said);
  if (isSame && before.said === said && isDeepStrictEqual(before.pages, taken.pages)) return [];
  const uiFiles = await changedUiFiles(worker, { base, head: commit });
  return [{ type: 'pictures_taken', base, commit, pages: taken.pages, uiFiles, said }];
};

/** Whether nothing is missing that another try could add: a browser may have been installed since. */
function isComplete({ pages, said }: PicturesTaken, proving: Proving): boolean {
  const asked = proving.application?.pages ?? [];
  const inFolder = `-${settingsKey(proving)}/`;
  return (
    said === undefined &&
    pages.length === asked.length * WIDTHS.length &&
    pages.every(({ before, after }) => before !== undefined && after?.file.includes(inFolder))
  );
}

async function takenOf(worker: Worker, proven: ProvenCommit): Promise<Pick<PicturesTaken, 'pages' | 'said'>> {
  const proving = provingOf(worker);
  const pages = proving.application?.pages ?? [];
  const programs = dirname(worker.rehearsalProgram);
  const playwright = playwrightOf(programs);
  const missing = (said: string) => ({ pages: [], said });
  if (playwright === undefined)
    return missing('playwright-core is not installed beside samocode: npm install -g playwright-core');
  const chromium = await programOnPath(CHROMIUMS, worker.env);
  if (chromium === undefined) return missing('no Chromium was found on PATH');
  const now = await worker.guard.now();
  if (now.level === 'none' || now.tool.kind !== 'bwrap') return missing(NO_SANDBOX);
  const { own } = sandboxFolders(await realPathAsFar(worker.file.worktreesDir), worker.file.folder);
  const work = join(own, 'pictures');
  const place = {
    ...{ now, programs, scratch: join(work, 'job'), signal: proven.signal },
    env: { PATH: worker.env.PATH ?? '', [SESSION_MARK]: worker.file.id },
    timeoutMs: pages.length * WIDTHS.length * PICTURE_LIMIT_MS,
  };
  const kept = await realPathAsFar(worker.paths.pictures);
  try {
    const into = join(work, 'into');
    return await takeBoth({ worker, proven, proving, pages, playwright, chromium, kept, into, place });
  } finally {
    await removeAtOnce(work);
  }
}

async function changedUiFiles(
  worker: Worker,
  { base, head }: { base: string; head: string },
): Promise<string[]> {
  const cwd = worker.file.mainRepo;
  const paths = await changedPaths({ ...worker.git.context, cwd, base, head });
  return paths
    .filter((path) => UI_ENDINGS.includes(extname(path).slice(1).toLowerCase()))
    .slice(0, MAX_UI_FILES);
}
