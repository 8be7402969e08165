/** One measurement of `npm run bench`. */
export interface Bench {
  name: string;
  /** One line for people: what is measured. */
  about: string;
  run(): Promise<BenchResult>;
}

export interface BenchResult {
  /** What was measured, names carrying their unit. */
  values: Readonly<Record<string, number>>;
  goals: readonly Goal[];
}

/** An upper limit on one value; measured on an idle machine. */
export interface Goal {
  value: string;
  atMost: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
