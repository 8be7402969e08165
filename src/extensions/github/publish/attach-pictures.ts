import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint } from '../../../core/kernel/files/fingerprint.ts';
import { counted } from '../../../core/kernel/text.ts';
import { code } from '../../../core/session/documents/markdown-lines.ts';
import { pictureSentences } from '../../../core/session/documents/picture-words.ts';
import { type PicturesTaken, picturesIn } from '../../../core/session/events/bodies/pictures.ts';
import { keptPicture } from '../../../core/session/proof/kept-picture.ts';
import { list } from '../../../core/session/proof/proof-markdown.ts';
import type { GitHub } from '../forge/github.ts';
import { pullRequestAt } from '../forge/repository-name.ts';
import { inertLine } from './inert-markdown.ts';
import { causeIfPossible, type Effects, type Publishable } from './publication.ts';

/** GitHub accepts no larger pictures. */
const MAX_PICTURE_BYTES = 10_000_000;
const MAX_PICTURES = 30;
const SIDES = ['before', 'after', 'difference'] as const;

/** Whether the settings ask for pictures in the pull request, and the session has some. */
export function attachesPictures({ state, sessionFile }: Publishable['view']): boolean {
  const { application } = state.proving ?? sessionFile?.settings.proving ?? {};
  return (
    application?.uploads === true && state.pictures !== undefined && differing(state.pictures).length > 0
  );
}

/** Attaches the pictures of pages that differ in a comment. @returns a sentence for the person; empty if none are wanted */
export async function attachPictures(
  { view, base }: Publishable,
  url: string,
  effects: Effects,
): Promise<string> {
  const { pictures } = view.state;
  const place = pullRequestAt(url);
  if (!attachesPictures(view) || pictures === undefined || place === undefined) return '';
  if (pictures.commit !== base?.tip)
    return ' No pictures were attached: the branch has changed since they were taken.';
  const effect = await causeIfPossible(effects, [
    'pictures',
    (forge) => commentWith(pictures, { view, place, forge }),
  ]);
  if (effect === undefined) return ' No pictures were attached: their files are missing or too large.';
  if (effect.outcome === 'refused') return ` No pictures were attached. ${effect.why}`;
  return ` Its pictures are attached: ${effect.url}`;
}

interface Commenting {
  view: Publishable['view'];
  place: { repository: string; number: number };
  forge: GitHub;
}

async function commentWith(pictures: PicturesTaken, { view, place, forge }: Commenting) {
  const folder = await mkdtemp(join(tmpdir(), 'samocode-pictures-'));
  try {
    const files = await writePictures(pictures, view, folder);
    if (files.length === 0) return undefined;
    const sentences = pictureSentences(pictures, code).map(inertLine);
    const of = `${counted(files.length, 'picture')} of commit ${pictures.commit.slice(0, 12)}, taken by samocode:`;
    const body = `${of}\n\n${list(sentences)}`;
    // A later round that changes no picture adds no comment.
    const marker = `${view.sessionFile?.id} pictures ${fingerprint(
      picturesIn(pictures)
        .map(({ hash }) => hash)
        .join(),
    )}`;
    return await forge.attach({ ...place, body, marker }, files);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns the paths of copies, whose names say the page, the width and the side */
async function writePictures(
  pictures: PicturesTaken,
  { paths }: Publishable['view'],
  folder: string,
): Promise<string[]> {
  const files: string[] = [];
  for (const { page, width, ...taken } of differing(pictures))
    for (const side of SIDES) {
      const picture = taken[side];
      const bytes = picture && (await keptPicture(paths, picture, MAX_PICTURE_BYTES));
      if (bytes === undefined || files.length === MAX_PICTURES) continue;
      const name = page.replace(/[^a-z0-9]+/gi, '-').replace(/^-|-$/g, '') || 'start';
      const file = join(folder, `${files.length + 1}-${name.slice(0, 60)}-${width}-${side}.png`);
      await writeFile(file, bytes);
      files.push(file);
    }
  return files;
}

/** Pages without a difference are left out; those that could not be compared are not. */
function differing({ pages }: PicturesTaken): PicturesTaken['pages'] {
  return pages.filter((page) => page.differing !== 0 && page.after !== undefined);
}
