import * as z from 'zod';

const Picture = z.object({
  /** A PNG file, below the run folder. */
  file: z.string(),
  /** SHA-256 of its bytes. */
  hash: z.string(),
  /** In pixels. */
  width: z.int(),
  height: z.int(),
});
export type Picture = z.infer<typeof Picture>;

const PagePictures = z.object({
  /** A path of PAGES. */
  page: z.string(),
  /** Of the window, in pixels. */
  width: z.int(),
  before: Picture.optional(),
  after: Picture.optional(),
  difference: Picture.optional(),
  /** How many pixels differ, without those that differ between two pictures of the base; absent: not compared. */
  differing: z.int().optional(),
  /** Why a picture is missing, or what else a reviewer has to know: `/account redirects to /login`. */
  said: z.string().optional(),
});
export type PagePictures = z.infer<typeof PagePictures>;

/** The pictures of the pages of an application, on the base and on the proven commit. */
export const PicturesTaken = z.object({
  /** The base commit, and the proven one. */
  base: z.string(),
  commit: z.string(),
  pages: z.array(PagePictures),
  /** Changed files that decide what people see; at most twenty. */
  uiFiles: z.array(z.string()),
  /** Why none was taken. */
  said: z.string().optional(),
});
export type PicturesTaken = z.infer<typeof PicturesTaken>;

export function picturesIn({ pages }: Pick<PicturesTaken, 'pages'>): Picture[] {
  return pages.flatMap(({ before, after, difference }) =>
    [before, after, difference].filter((each) => each !== undefined),
  );
}
