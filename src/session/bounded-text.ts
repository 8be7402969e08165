import { decode } from '../base/change-file.ts';
import { readPlainPart } from '../base/plain-file.ts';

export interface BoundedText {
  kind: 'text';
  text: string;
  /** Bytes that were left out; 0 when the text is whole. */
  omittedBytes: number;
}

export type BoundedReading = BoundedText | { kind: 'missing' } | { kind: 'unusable'; problem: string };

/** Which part of a file that is too large is read. */
export interface Bound {
  maxBytes: number;
  keep: 'start' | 'end';
}

/** Reads a text of any size: of a large one whole lines, at its start or its end. */
export async function readBoundedText(path: string, { maxBytes, keep }: Bound): Promise<BoundedReading> {
  const reading = await readPlainPart(path, { maxBytes, from: keep });
  if (reading.kind !== 'part') return reading;
  const { bytes, sizeBytes } = reading;
  const kept = bytes.length < sizeBytes ? wholeLines(bytes, keep) : bytes;
  return { kind: 'text', text: decode(kept), omittedBytes: Math.max(0, sizeBytes - kept.length) };
}

const LF = 0x0a;

// A line that is longer than all that may be read is left out whole: half of it could be taken for one.
function wholeLines(bytes: Buffer, keep: Bound['keep']): Buffer {
  if (keep === 'start') return bytes.subarray(0, bytes.lastIndexOf(LF) + 1);
  const first = bytes.indexOf(LF);
  return first === -1 ? Buffer.alloc(0) : bytes.subarray(first + 1);
}
