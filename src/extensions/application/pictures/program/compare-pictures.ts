import { readFileSync, writeFileSync } from 'node:fs';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';
import type { ComparedPairs, CompareJob } from '../job.ts';

/** The side of the squares that are masked whole, with those beside them: digits of a clock differ in shape. */
const SQUARE = 16;
/** Of masked pixels in the difference. */
const MASK_COLOUR = [214, 222, 235] as const;

interface Size {
  width: number;
  height: number;
}

/** Compares a page before and after the work, without the parts that differ between two pictures of the base. */
export function comparePictures(pair: CompareJob['pairs'][number]): ComparedPairs[number] {
  const pictures = [pair.before, pair.again, pair.after].map((path) => PNG.sync.read(readFileSync(path)));
  const size = {
    width: Math.max(...pictures.map(({ width }) => width)),
    height: Math.max(...pictures.map(({ height }) => height)),
  };
  const [before, again, after] = pictures.map((picture) => padded(picture, size)) as [Buffer, Buffer, Buffer];
  const mask = unsteadyParts(before, again, size);
  const difference = new PNG(size);
  const options = { ignoreMask: mask, threshold: 0.05, diffColorAlt: DARKER };
  const differing = pixelmatch(before, after, difference.data, size.width, size.height, options);
  let masked = 0;
  for (const [at, isMasked] of mask.entries()) {
    if (isMasked === 0) continue;
    masked += 1;
    difference.data.set([...MASK_COLOUR, 255], at * 4);
  }
  writeFileSync(pair.into, PNG.sync.write(difference));
  return { differing, masked, all: size.width * size.height };
}

/** Of pixels that are darker after the work. */
const DARKER: [number, number, number] = [0, 90, 255];

/** The pixels of a picture above and left of transparent ones. */
function padded({ data, width, height }: Size & { data: Buffer }, size: Size): Buffer {
  if (width === size.width && height === size.height) return data;
  const result = Buffer.alloc(size.width * size.height * 4);
  for (let row = 0; row < height; row += 1)
    data.copy(result, row * size.width * 4, row * width * 4, (row + 1) * width * 4);
  return result;
}

function unsteadyParts(one: Buffer, other: Buffer, { width, height }: Size): Uint8Array {
  const mask = new Uint8Array(width * height);
  const columns = Math.ceil(width / SQUARE);
  const unsteady = new Set<number>();
  for (let at = 0; at < mask.length; at += 1)
    if (one.readUInt32LE(at * 4) !== other.readUInt32LE(at * 4))
      unsteady.add(Math.floor(at / width / SQUARE) * columns + Math.floor((at % width) / SQUARE));
  for (const square of unsteady) {
    const left = Math.max(0, ((square % columns) - 1) * SQUARE);
    const right = Math.min(width, ((square % columns) + 2) * SQUARE);
    const top = Math.max(0, (Math.floor(square / columns) - 1) * SQUARE);
    const bottom = Math.min(height, (Math.floor(square / columns) + 2) * SQUARE);
    for (let row = top; row < bottom; row += 1) mask.fill(1, row * width + left, row * width + right);
  }
  return mask;
}
