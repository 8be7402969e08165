/** One measurement of `npm run bench`. */
export interface Bench {
  name: string;
  /** Its heading on the page. */
  title: string;
  /** One line for people: what is measured. */
  about: string;
  /**
   * What each value is, in a line with its unit, by its name, in which `#` stands for a number; the page leaves out
   * others. Without it every value is printed under its name.
   */
  means?: Readonly<Record<string, string>>;
  /** The page has one run of it: it takes half a minute or more, or is the same in each. */
  runsOnce?: true;
  run(options: BenchOptions): Promise<BenchResult>;
}

export interface BenchOptions {
  /** Fewer rounds and shorter looks: the page as a whole takes minutes then. */
  isBrief: boolean;
  /** Path of the `main.py` of a Python samocode. */
  python?: string | undefined;
}

/** A figure, or each single measurement of many. */
export type Measurement = number | readonly number[];

export interface BenchResult {
  /** What was measured, names carrying their unit. */
  values: Readonly<Record<string, Measurement>>;
  goals: readonly Goal[];
}

/** An upper limit on one value; measured on an idle machine. */
export interface Goal {
  value: string;
  atMost: number;
}

/** Thrown by a bench that cannot run here, with the reason in a sentence. */
export class NotMeasured extends Error {}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The middle of what was measured. */
export function middle(measured: Measurement | undefined): number {
  return median([measured ?? Number.NaN].flat());
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

export function rounded(values: readonly number[], digits = 1): number[] {
  return values.map((value) => round(value, digits));
}
