import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PNG } from 'pngjs';
import { fingerprint } from '../../src/core/kernel/files/fingerprint.ts';
import { FORMAT_VERSION } from '../../src/core/session/events/bodies/format.ts';
import type { Picture, PicturesTaken } from '../../src/core/session/events/bodies/pictures.ts';
import type { SessionEvent } from '../../src/core/session/events/events.ts';
import type { SessionPaths } from '../../src/core/session/layout/paths.ts';

/** Records pictures of `/login` in a log whose session has ended: its button has another colour. The files are real. */
export async function takePictures(
  paths: SessionPaths,
  given: { commit?: string; button?: readonly [number, number, number] | undefined } = {},
): Promise<PicturesTaken> {
  const lines = (await readFile(paths.events, 'utf8')).trimEnd().split('\n');
  const events = lines.map((line) => JSON.parse(line) as SessionEvent);
  const last = events.at(-1);
  if (last === undefined) throw new Error('The session has no events.');
  const ended = events.findLast((event) => event.type === 'iteration_ended');
  const commit =
    given.commit ?? (ended?.type === 'iteration_ended' ? ended.head : undefined) ?? 'a'.repeat(40);
  const pages = await Promise.all(
    [1280, 390].map(async (width) => ({
      page: '/login',
      width,
      before: await keep(paths, pagePicture(width, [30, 90, 200])),
      after: await keep(paths, pagePicture(width, given.button ?? [20, 140, 60])),
      difference: await keep(paths, pagePicture(width, [220, 40, 40])),
      differing: 4800,
    })),
  );
  const taken: PicturesTaken = { base: 'b'.repeat(40), commit, pages, uiFiles: ['web/login.css'] };
  const event = {
    v: FORMAT_VERSION,
    n: last.n + 1,
    at: last.at,
    lease: last.lease,
    type: 'pictures_taken',
    ...taken,
  };
  await appendFile(paths.events, `${JSON.stringify(event)}\n`);
  return taken;
}

async function keep(
  paths: SessionPaths,
  { bytes, ...size }: ReturnType<typeof pagePicture>,
): Promise<Picture> {
  const hash = fingerprint(bytes);
  const file = `pictures/${hash}.png`;
  const path = join(dirname(paths.pictures), file);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, bytes);
  return { file, hash, ...size };
}

/** A white page with a grey bar and a button. */
function pagePicture(width: number, colour: readonly [number, number, number]) {
  const height = Math.round(width * 0.8);
  const png = new PNG({ width, height });
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) {
      const isButton = x >= 40 && x < 160 && y >= 120 && y < 160;
      const [red, green, blue] = isButton ? colour : y < 56 ? [225, 228, 234] : [255, 255, 255];
      png.data.set([red ?? 0, green ?? 0, blue ?? 0, 255], (y * width + x) * 4);
    }
  return { bytes: PNG.sync.write(png), width, height };
}
