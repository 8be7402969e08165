import * as z from 'zod';

/** The widths of the window, in pixels: a desktop and a phone. */
export const WIDTHS = [1280, 390] as const;

export function pictureName(pages: readonly string[], page: string, width: number): string {
  return `${pages.indexOf(page) + 1}-${width}.png`;
}

export interface TakeJob {
  mode: 'take';
  /** The folder of playwright-core, and the browser. */
  playwright: string;
  chromium: string;
  /** Without a slash at the end; no page of another origin is opened. */
  origin: string;
  pages: readonly string[];
  /** The folder of the pictures. */
  into: string;
}

export interface CompareJob {
  mode: 'compare';
  /** PNG files: two pictures of the base, one of the commit, and the place of the difference. */
  pairs: readonly { before: string; again: string; after: string; into: string }[];
}

/** What the program for pictures does, as JSON in a file that is its argument. It answers with JSON on stdout. */
export type PicturesJob = TakeJob | CompareJob;

export const TakenPages = z.array(
  z.object({
    page: z.string(),
    width: z.int(),
    /** Its name in the folder; absent: no picture could be taken. */
    file: z.string().optional(),
    said: z.string().max(1000).optional(),
  }),
);
export type TakenPages = z.infer<typeof TakenPages>;

export const ComparedPairs = z.array(
  z.object({
    /** Pixels that differ, without the masked ones. */
    differing: z.int(),
    /** Pixels around those that differ between the two pictures of the base, and all. */
    masked: z.int(),
    all: z.int(),
  }),
);
export type ComparedPairs = z.infer<typeof ComparedPairs>;
