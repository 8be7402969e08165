import type { Check } from './commands.ts';
import type { AnsweredQuestion, Question } from './qa-text.ts';

/** What the rehearsal knows how to do in one kind of repository, from first question to last mend. */
export interface Job {
  title: string;
  /** Facts worth telling, with file:line where there is one. */
  findings: readonly string[];
  considerations: readonly string[];
  questions: readonly Question[];
  /** What answers mean for the work; suggestions stand in for those not given. */
  decide(answers: readonly AnsweredQuestion[]): Decisions;
}

export interface Decisions {
  /** Each question's answer in words and what follows from it. */
  consequences: readonly string[];
  requirements: readonly string[];
  outOfScope: readonly string[];
  context: string;
  phases: readonly JobPhase[];
  /** What a review finds to mend when `present`; the edits mend it. */
  blemish: Blemish;
  summary: { overview: string; changes: readonly string[] };
}

export interface JobPhase {
  name: string;
  check: Check;
  steps: readonly string[];
  /** Written first, and expected to fail. */
  checks: readonly Edit[];
  code: readonly Edit[];
}

/** One file's change; applying it twice is applying it once. */
export interface Edit {
  path: string;
  /** @param old the file's text, undefined when it is not there */
  make(old: string | undefined): string;
}

export interface Blemish {
  path: string;
  isPresent(text: string): boolean;
  problem: string;
  remedy: string;
  edits: readonly Edit[];
}

export interface JobContext {
  task: string;
  slug: string;
}

/** An edit that writes the whole file, whatever was there. */
export function whole(path: string, text: string): Edit {
  return { path, make: () => text };
}

/** A piece of text and what takes its place; `doneWhen`: how a file looks that needs it no more. */
export type Exchange = readonly [from: string, to: string, doneWhen?: string];

/** An edit that exchanges pieces of an existing file; a piece already exchanged stays. */
export function exchange(path: string, pieces: readonly Exchange[]): Edit {
  return {
    path,
    make(old = '') {
      let text = old;
      for (const [from, to, doneWhen = to] of pieces) {
        if (text.includes(doneWhen)) continue;
        if (!text.includes(from))
          throw new Error(`${path} has changed: "${from.split('\n', 1)[0]}" is not there.`);
        text = text.replace(from, () => to);
      }
      return text;
    },
  };
}

/** The same for prose, which people may have rewritten: a piece that is not there is left out. */
export function exchangeProse(path: string, pieces: readonly Exchange[]): Edit {
  return {
    path,
    make: (old = '') =>
      pieces.reduce((text, [from, to]) => (text.includes(to) ? text : text.replace(from, () => to)), old),
  };
}
