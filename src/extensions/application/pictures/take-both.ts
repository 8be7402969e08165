import { join } from 'node:path';
import { writeWhole } from '../../../core/kernel/files/atomic-file.ts';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { makeFolder } from '../../../core/kernel/files/make-folder.ts';
import { namesAt, statsAt } from '../../../core/kernel/files/path-stats.ts';
import { plainJson, readPlainFile } from '../../../core/kernel/files/plain-file.ts';
import type { Proving } from '../../../core/kernel/phases/proving.ts';
import { visibleControls } from '../../../core/kernel/text.ts';
import { removeAtOnce } from '../../../core/project/git/remove-tree.ts';
import {
  type PagePictures,
  type Picture,
  type PicturesTaken,
  picturesIn,
} from '../../../core/session/events/bodies/pictures.ts';
import { iterationPaths } from '../../../core/session/layout/paths.ts';
import { runInClone } from '../../../core/worker/judge/in-clone.ts';
import type { ProvenCommit } from '../../../core/worker/state/extension.ts';
import { stateOf, type Worker } from '../../../core/worker/state/worker.ts';
import { ComparedPairs, pictureName, type TakeJob, TakenPages, WIDTHS } from './job.ts';
import { type JobPlace, runPicturesJob } from './run-job.ts';

const MAX_BYTES = 50_000_000;

export interface PictureSession extends Pick<TakeJob, 'playwright' | 'chromium' | 'pages'> {
  worker: Worker;
  proven: ProvenCommit;
  proving: Proving;
  /** A folder in which the program writes; absolute, without links. */
  into: string;
  /** The folder of all pictures, without links. */
  kept: string;
  place: JobPlace;
}

/** Pictures that were taken in another way are not compared with these. */
const WAY = 2;

/** Other settings may start another application, or name other pages. */
export function settingsKey(proving: Proving): string {
  return fingerprint(JSON.stringify([WAY, proving])).slice(0, 12);
}

/** Pictures of the base, taken twice, and of the commit, with their differences. */
export async function takeBoth(session: PictureSession): Promise<{ pages: PagePictures[]; said?: string }> {
  const { pages, kept, proven, proving, worker } = session;
  const key = settingsKey(proving);
  const [base, commit] = [`${proven.worktree.baseCommit}-${key}`, `${proven.commit}-${key}`];
  // What cannot be removed now is tried again with the next pictures.
  await removeOlder(kept, { shown: stateOf(worker).pictures, folders: [base, commit] }).catch(
    () => undefined,
  );
  const [one, two] = [`${base}/one`, `${base}/two`];
  const noBase = await takeOnce(session, proven.worktree.baseCommit, [one, two]);
  const noAfter = await takeOnce(session, proven.commit, [commit]);
  const taken = await Promise.all([commit, one, two].map((folder) => takenIn(kept, folder)));
  const rows = await Promise.all(
    pages.flatMap((page) =>
      WIDTHS.map(async (width): Promise<PagePictures> => {
        const name = pictureName(pages, page, width);
        const before = await pictureAt(kept, `${one}/${name}`);
        const after = await pictureAt(kept, `${commit}/${name}`);
        const said = saidOf(taken, { page, width });
        return { page, width, ...(before && { before }), ...(after && { after }), ...(said && { said }) };
      }),
    ),
  );
  const noDifference = await addDifferences(session, rows, { base, commit });
  const said = [
    ...(noBase === undefined ? [] : [`none was taken of the base: ${noBase}`]),
    ...(noAfter === undefined ? [] : [`none was taken of the proven commit: ${noAfter}`]),
    ...(noDifference === undefined ? [] : [`they were not compared: ${noDifference}`]),
  ];
  return { pages: rows, ...(said.length === 0 ? {} : { said: said.join('; ') }) };
}

/** The folder of a commit and the settings. A person may keep other things in this place, through a link. */
const OF_COMMIT = /^[0-9a-f]{40,64}-[0-9a-f]{12}$/;

/** Removes the pictures that are neither shown nor about to be: without it, each proof of a long session would add some. */
export async function removeOlder(
  kept: string,
  { shown, folders }: { shown: Pick<PicturesTaken, 'pages'> | undefined; folders: readonly string[] },
): Promise<void> {
  const ofShown = shown === undefined ? [] : picturesIn(shown).map(({ file }) => file.split('/')[1]);
  const needed = new Set([...folders, ...ofShown]);
  const older = (namesAt(kept) ?? []).filter((name) => OF_COMMIT.test(name) && !needed.has(name));
  for (const name of older) await removeAtOnce(join(kept, name));
}

/**
 * Takes pictures of a commit in one clone, as often as there are folders, which keep them.
 * @returns why there are none
 */
async function takeOnce(
  session: PictureSession,
  commit: string,
  folders: string[],
): Promise<string | undefined> {
  const { worker, proven, proving, kept } = session;
  const isKept = await Promise.all(folders.map((folder) => takenIn(kept, folder)));
  if (isKept.every((taken) => taken?.every(({ file }) => file !== undefined))) return undefined;
  let why: string | undefined = 'no service listens on a port in proofs (SERVICE_…, SERVICES_IN)';
  const { failures } = await runInClone(worker, {
    ...{ ...proven, name: 'pictures', commit, commands: [], proving, mark: worker.file.id },
    outputDir: iterationPaths(worker.paths, proven.iteration).checks,
    during: async ({ url }) => {
      if (url === undefined) return;
      why = undefined;
      for (const folder of folders) why ??= await takeInto(session, url, folder);
    },
  });
  proven.signal.throwIfAborted();
  const [failed] = failures;
  return failed === undefined ? why : `${failed.command} failed (${failed.how})`;
}

async function takeInto(session: PictureSession, url: string, folder: string): Promise<string | undefined> {
  const { playwright, chromium, pages, into, kept, place } = session;
  const job: TakeJob = { mode: 'take', playwright, chromium, origin: url, pages, into };
  const reach = { into, shown: [playwright], port: Number(new URL(url).port) };
  const taken = await runPicturesJob(job, TakenPages, reach, place);
  if (typeof taken === 'string') return taken;
  // An earlier try may have left pictures that this one does not have.
  await removeAtOnce(join(kept, folder));
  makeFolder(join(kept, folder));
  for (const { page, width, file } of taken) {
    const name = pictureName(pages, page, width);
    // What is inside may have put something else there.
    const bytes = file === undefined ? undefined : await pngAt(join(into, name));
    if (bytes !== undefined) await writeWhole(join(kept, folder, name), bytes);
  }
  await writeWhole(join(kept, folder, TAKEN), JSON.stringify(taken));
  return undefined;
}

const TAKEN = 'taken.json';

async function takenIn(kept: string, folder: string): Promise<TakenPages | undefined> {
  return await plainJson(join(kept, folder, TAKEN), TakenPages);
}

/** What was said of a page: of the commit, and what differs from that of the base. */
function saidOf(
  taken: readonly (TakenPages | undefined)[],
  { page, width }: Pick<PagePictures, 'page' | 'width'>,
): string | undefined {
  const [ofCommit, ...ofBase] = taken.map(
    (all) => all?.find((each) => each.page === page && each.width === width)?.said,
  );
  const others = new Set(ofBase.filter((each) => each !== undefined && each !== ofCommit));
  const said = [ofCommit ?? [], [...others].map((each) => `before the work, ${each}`)].flat().join('; ');
  return said === '' ? undefined : visibleControls(said);
}

/** @returns why they were not compared */
async function addDifferences(
  { pages, into, kept, place }: PictureSession,
  rows: PagePictures[],
  { base, commit }: { base: string; commit: string },
): Promise<string | undefined> {
  const at = (folder: string) => join(kept, folder);
  const nameOf = ({ page, width }: PagePictures) => pictureName(pages, page, width);
  // One page that failed must not prevent that the others are compared.
  const both = rows.filter(
    (row) => row.before && row.after && statsAt(join(at(`${base}/two`), nameOf(row))) !== undefined,
  );
  if (both.length === 0) return undefined;
  const names = both.map(nameOf);
  const pairs = names.map((name) => ({
    before: join(at(`${base}/one`), name),
    again: join(at(`${base}/two`), name),
    after: join(at(commit), name),
    into: join(into, name),
  }));
  const reach = { into, shown: [at(base), at(commit)] };
  const compared = await runPicturesJob({ mode: 'compare', pairs }, ComparedPairs, reach, place);
  if (typeof compared === 'string') return compared;
  for (const [index, row] of both.entries()) {
    const { differing, masked = 0, all = 0 } = compared[index] ?? {};
    const name = names[index] ?? '';
    const bytes = await pngAt(join(into, name));
    if (differing === undefined || bytes === undefined) continue;
    if (masked > 0) row.said = [row.said ?? [], notCompared(masked, all)].flat().join('; ');
    if (masked === all) continue;
    row.differing = differing;
    const file = `${commit}/difference-${name}`;
    await writeWhole(at(file), bytes);
    row.difference = pictureOf(file, bytes);
  }
  return undefined;
}

function notCompared(masked: number, all: number): string {
  const percent = masked === all ? 100 : Math.min(99, Math.ceil((100 * masked) / all));
  return `${percent} % of it was not compared, because it differs between two pictures of the base`;
}

async function pictureAt(kept: string, name: string): Promise<Picture | undefined> {
  const bytes = await pngAt(join(kept, name));
  return bytes && pictureOf(name, bytes);
}

function pictureOf(name: string, bytes: Buffer): Picture {
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  return { file: `pictures/${name}`, hash: fingerprint(bytes), width, height };
}

const PNG_HEAD = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');

/** The bytes of a plain file that begins like a PNG, with its size. */
async function pngAt(path: string): Promise<Buffer | undefined> {
  const reading = await readPlainFile(path, MAX_BYTES);
  if (reading.kind !== 'bytes' || reading.bytes.length < 24) return undefined;
  return reading.bytes.subarray(0, PNG_HEAD.length).equals(PNG_HEAD) ? reading.bytes : undefined;
}
