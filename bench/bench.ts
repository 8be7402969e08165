/** One measurement of `npm run bench`. */
export interface Bench {
  name: string;
  /** Heading on the page. */
  title: string;
  /** What is measured, in one line for people. */
  about: string;
  /**
   * A line for each value by its name, with its unit; `#` stands for a number in the name. The page omits values without
   * a line. If absent, every value is shown under its name.
   */
  means?: Readonly<Record<string, string>>;
  /** The page has a single run, because a run takes half a minute or more, or is the same each time. */
  runsOnce?: true;
  run(options: BenchOptions): Promise<BenchResult>;
}

export interface BenchOptions {
  /** Fewer rounds and shorter measurements, so that the whole page takes only minutes. */
  isBrief: boolean;
  /** Path of the `main.py` of a Python samocode. */
  python?: string | undefined;
}

/** A single figure, or all measurements of a series. */
export type Measurement = number | readonly number[];

export interface BenchResult {
  /** The measured values; names end in their unit. */
  values: Readonly<Record<string, Measurement>>;
  goals: readonly Goal[];
}

/** An upper limit on one value; measured on an idle machine. */
export interface Goal {
  value: string;
  atMost: number;
}

/** Thrown by a bench that cannot run on this machine, with the reason in a sentence. */
export class NotMeasured extends Error {}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The median of a measurement. */
export function middle(measured: Measurement | undefined): number {
  return median([measured ?? Number.NaN].flat());
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

export function rounded(values: readonly number[], digits = 1): number[] {
  return values.map((value) => round(value, digits));
}
